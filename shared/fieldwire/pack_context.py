"""What both ends of a transfer remember of its packed segments: who wrote, and of what. SPEC 6.7

Decides which number stands for an author or a topic. Both ends learn the same in the same order: a sender when it
first packs an item, a receiver when it unpacks it. Refuses to grow beyond its bounds: what comes later travels whole.
"""

from fieldwire import limits


class Context:
    """`authors`: (boot, credential id, boot attestation id); `topics`: (content format, subject)."""

    def __init__(self):
        self.authors = []
        self.topics = []

    def learn_author(self, author):
        if len(self.authors) < limits.PACK_AUTHORS_MAX and author not in self.authors:
            self.authors.append(author)

    def learn_topic(self, topic):
        if len(self.topics) < limits.PACK_TOPICS_MAX and topic not in self.topics:
            self.topics.append(topic)

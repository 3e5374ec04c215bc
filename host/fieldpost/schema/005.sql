-- What each epoch picked otherwise than the one before it with that peer; `id` is NULL where it decided no more.
CREATE TABLE pick (
  subject TEXT NOT NULL, property TEXT NOT NULL, peer BLOB NOT NULL, number INTEGER NOT NULL, id BLOB,
  alternatives BLOB NOT NULL, rule INTEGER NOT NULL, function TEXT NOT NULL,
  PRIMARY KEY (subject, property, peer, number)) WITHOUT ROWID;

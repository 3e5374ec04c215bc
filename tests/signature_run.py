"""The keys and messages of the signatures that libsodium, the reference and the kernels all make, on both runtimes."""

from hashlib import sha256

COUNTS = (8, 1000)


def key_and_message(number):
    """A 32-byte seed and a message of 0 to 299 bytes."""
    seed = sha256(b"seed %d" % number).digest()
    block = sha256(b"message %d" % number).digest()
    length = (block[0] | block[1] << 8) % 300
    return seed, (block * 10)[:length]


def digest_of_signatures(signer, count):
    """The digest over the public keys and signatures of the first `count`, as the vector file has it."""
    digest = sha256()
    for number in range(count):
        seed, message = key_and_message(number)
        signing = signer(seed)
        digest.update(signing.public)
        digest.update(signing.sign(message))
    return digest.digest()

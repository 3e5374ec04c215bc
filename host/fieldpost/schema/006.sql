-- Observations, envelopes and seals by their number, in the order in which they came. What was kept by hash is dropped:
-- the next desk that opens the store fills these from the inputs.
DROP VIEW verdict;
DROP TABLE judged;
DROP TABLE claim;
DROP TABLE observation;
DROP TABLE envelope;
DROP TABLE edge;
CREATE TABLE edge (child BLOB NOT NULL, parent BLOB NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (child, parent)) WITHOUT ROWID;
CREATE INDEX edge_reverse ON edge (parent, child);
CREATE TABLE envelope (n INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, data BLOB NOT NULL);
-- `seal`: the number of the seal that it came under, 0 for an early copy.
CREATE TABLE observation (
  n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, device BLOB NOT NULL, incarnation BLOB NOT NULL, stream INTEGER NOT NULL,
  seq INTEGER NOT NULL, mesh BLOB NOT NULL, authority TEXT NOT NULL, subject TEXT NOT NULL, format TEXT NOT NULL,
  boot INTEGER NOT NULL, ms INTEGER NOT NULL, credential BLOB NOT NULL, grade INTEGER NOT NULL,
  envelope BLOB NOT NULL, leaf_index INTEGER NOT NULL, leaf BLOB NOT NULL, sealed INTEGER NOT NULL,
  seal INTEGER NOT NULL);
CREATE INDEX observation_position ON observation (device, incarnation, stream, seq);
-- `boot`, `ms`: the earliest reading that came with the seal at first.
CREATE TABLE seal (
  n INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, device BLOB NOT NULL, incarnation BLOB NOT NULL, stream INTEGER NOT NULL,
  segment INTEGER NOT NULL, previous BLOB, boot INTEGER NOT NULL, ms INTEGER NOT NULL);
CREATE INDEX seal_place ON seal (device, incarnation, stream, segment);
-- Claims by what they are of and by their makers' clocks, so that the last of each is found.
CREATE TABLE claimed (
  subject TEXT NOT NULL, device BLOB NOT NULL, boot INTEGER NOT NULL, ms INTEGER NOT NULL, n INTEGER NOT NULL,
  property TEXT NOT NULL, value BLOB NOT NULL, unit TEXT NOT NULL, exponent INTEGER NOT NULL,
  PRIMARY KEY (subject, device, boot, ms, n, property)) WITHOUT ROWID;
CREATE VIEW claim AS SELECT o.id AS id, c.property AS property, c.value AS value, c.unit AS unit, c.exponent AS exponent
  FROM observation o JOIN claimed c
  ON c.subject = o.subject AND c.device = o.device AND c.boot = o.boot AND c.ms = o.ms AND c.n = o.n;
CREATE TABLE judged (n INTEGER PRIMARY KEY, said INTEGER NOT NULL);
CREATE VIEW verdict AS SELECT o.id AS id, s.state AS state, s.code AS code, s.reason AS reason, s.remedy AS remedy,
  s.mesh AS mesh, s.authority AS authority, s.equivalences AS equivalences, s.ages AS ages
  FROM judged j JOIN observation o ON o.n = j.n JOIN said s ON s.n = j.said;
DELETE FROM said;

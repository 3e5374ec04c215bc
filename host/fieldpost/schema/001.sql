-- The whole truth: what reached the bridge, in order, and the log that it led to.
CREATE TABLE input (n INTEGER PRIMARY KEY, kind TEXT NOT NULL, boot INTEGER NOT NULL, ms INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE event (n INTEGER PRIMARY KEY, data BLOB NOT NULL);

-- Everything below is derived from `input` and can be rebuilt.
CREATE TABLE root (mesh BLOB PRIMARY KEY, public BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE token (id BLOB PRIMARY KEY, typ INTEGER NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE envelope (hash BLOB PRIMARY KEY, kind TEXT NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE observation (
  id BLOB PRIMARY KEY, device BLOB NOT NULL, incarnation BLOB NOT NULL, stream INTEGER NOT NULL, seq INTEGER NOT NULL,
  mesh BLOB NOT NULL, authority TEXT NOT NULL, subject TEXT NOT NULL, format TEXT NOT NULL,
  boot INTEGER NOT NULL, ms INTEGER NOT NULL, credential BLOB NOT NULL, grade INTEGER NOT NULL,
  envelope BLOB NOT NULL, leaf_index INTEGER NOT NULL, leaf BLOB NOT NULL, sealed INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX observation_position ON observation (device, incarnation, stream, seq);
CREATE TABLE edge (child BLOB NOT NULL, parent BLOB NOT NULL, PRIMARY KEY (child, parent)) WITHOUT ROWID;
CREATE INDEX edge_reverse ON edge (parent, child);
CREATE TABLE verdict (
  id BLOB PRIMARY KEY, state TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, remedy TEXT NOT NULL,
  mesh BLOB, authority TEXT, equivalences BLOB NOT NULL, ages BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE placement (
  id BLOB PRIMARY KEY, anchor BLOB NOT NULL, strict_lo INTEGER, strict_hi INTEGER, lo INTEGER, hi INTEGER,
  status TEXT NOT NULL, depends_on BLOB NOT NULL, path BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE claim (
  id BLOB NOT NULL, property TEXT NOT NULL, value BLOB NOT NULL, unit TEXT NOT NULL, exponent INTEGER NOT NULL,
  PRIMARY KEY (id, property)) WITHOUT ROWID;
CREATE TABLE fork (device BLOB NOT NULL, one BLOB NOT NULL, other BLOB NOT NULL, boot INTEGER NOT NULL, ms INTEGER NOT NULL, PRIMARY KEY (device, one, other)) WITHOUT ROWID;
CREATE TABLE refusal (what BLOB PRIMARY KEY, code TEXT NOT NULL, reason TEXT NOT NULL, remedy TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE mode (channel TEXT PRIMARY KEY, mode TEXT NOT NULL, withheld BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE agreement (digest BLOB PRIMARY KEY, version INTEGER NOT NULL, proof BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE epoch (
  number INTEGER NOT NULL, peer BLOB NOT NULL, body BLOB NOT NULL, joint INTEGER NOT NULL, decision_digest BLOB NOT NULL,
  ours BLOB, theirs BLOB, agreed INTEGER, PRIMARY KEY (number, peer)) WITHOUT ROWID;
CREATE TABLE joint (number INTEGER NOT NULL, peer BLOB NOT NULL, scope TEXT NOT NULL, ids INTEGER NOT NULL, PRIMARY KEY (number, peer, scope)) WITHOUT ROWID;
CREATE TABLE one_sided (id BLOB NOT NULL, side BLOB NOT NULL, code TEXT NOT NULL, PRIMARY KEY (id, side)) WITHOUT ROWID;
CREATE TABLE decision (
  subject TEXT NOT NULL, property TEXT NOT NULL, claim BLOB NOT NULL, prevailing BLOB, rivals BLOB NOT NULL, rule INTEGER NOT NULL,
  function TEXT NOT NULL, keys BLOB NOT NULL, number INTEGER NOT NULL, peer BLOB NOT NULL, PRIMARY KEY (subject, property, claim)) WITHOUT ROWID;
CREATE TABLE "case" (
  id BLOB PRIMARY KEY, scope TEXT NOT NULL, state TEXT NOT NULL, terms BLOB NOT NULL, thresholds BLOB NOT NULL, report BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE picture (
  subject TEXT NOT NULL, property TEXT NOT NULL, id BLOB NOT NULL, alternatives BLOB NOT NULL, decided TEXT NOT NULL,
  PRIMARY KEY (subject, property)) WITHOUT ROWID;

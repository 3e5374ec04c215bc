-- What was solved of time, from which any placement follows: our own mesh's timeline (0) and the joined one (1).
CREATE TABLE timeline (which INTEGER PRIMARY KEY, solved BLOB NOT NULL);
DROP TABLE placement;

-- Most verdicts are told in the same words: these once, and which of them each observation has.
CREATE TABLE said (
  n INTEGER PRIMARY KEY, state TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, remedy TEXT NOT NULL,
  mesh BLOB, authority TEXT, equivalences BLOB NOT NULL, ages BLOB NOT NULL);
CREATE TABLE judged (id BLOB PRIMARY KEY, said INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO said (state, code, reason, remedy, mesh, authority, equivalences, ages)
  SELECT DISTINCT state, code, reason, remedy, mesh, authority, equivalences, ages FROM verdict;
INSERT INTO judged SELECT v.id, s.n FROM verdict v JOIN said s ON s.state = v.state AND s.code = v.code
  AND s.reason = v.reason AND s.remedy = v.remedy AND s.mesh IS v.mesh AND s.authority IS v.authority
  AND s.equivalences = v.equivalences AND s.ages = v.ages;
DROP TABLE verdict;
CREATE VIEW verdict AS SELECT id, state, code, reason, remedy, mesh, authority, equivalences, ages
  FROM judged JOIN said ON n = said;

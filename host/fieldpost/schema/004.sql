-- Cases at work: the plan that closed one, and what was voted. `code` and `reason` where no gate stopped the scope.
CREATE TABLE merge (
  id BLOB PRIMARY KEY, plan BLOB, number INTEGER NOT NULL, peer BLOB NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE vote (
  id BLOB NOT NULL, plan BLOB NOT NULL, mesh BLOB NOT NULL, authority TEXT NOT NULL, favours INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (id, plan, mesh, authority, favours)) WITHOUT ROWID;

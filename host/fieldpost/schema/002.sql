-- What was solved of time, from which any placement follows: our own mesh's timeline (0) and the joined one (1).
CREATE TABLE timeline (which INTEGER PRIMARY KEY, solved BLOB NOT NULL);
DROP TABLE placement;

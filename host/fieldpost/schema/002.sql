-- What bounds an observation is walked when somebody asks; a placement tells the clocks it assumed instead.
ALTER TABLE placement DROP COLUMN path;
ALTER TABLE placement ADD COLUMN assumptions BLOB NOT NULL DEFAULT x'';

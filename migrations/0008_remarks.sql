-- What the reply to a command said beside its body: the parameter that was to blame for
-- a refusal, and warnings. A repetition gets them, too. Rows of before have none.
ALTER TABLE cache.commands ADD COLUMN remarks json;

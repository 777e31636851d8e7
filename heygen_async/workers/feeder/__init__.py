"""The feeder: one worker admits the rows of all campaigns of an account, and asks the guards."""

"""One campaign on many machines: rows are workflows on a DBOS queue in PostgreSQL, workers run them.

The journal in the same database remembers the rows; every decision is that of a run in one process. DBOS gives what a
process cannot: one cap for all workers, a rate for all workers, and the rows of a worker that has died.
"""

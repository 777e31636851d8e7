"""One campaign on many machines: each row is a workflow on a DBOS queue in PostgreSQL, and workers render the rows.

The journal in the same database records every row, and a worker decides about its rows as a run in one process does.
DBOS adds three things: a cap over all workers, a rate over all workers, and the rows of dead workers for the others.
"""

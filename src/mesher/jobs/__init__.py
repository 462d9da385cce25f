"""Background work: the process that does it, the queue that it comes from, and each job's steps."""

from mesher.jobs.process import run_jobs

__all__ = ["run_jobs"]

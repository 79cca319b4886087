"""How many descriptors a process may have."""

import resource


def raise_limit() -> int:
    """Allow as many as may be allowed; how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard

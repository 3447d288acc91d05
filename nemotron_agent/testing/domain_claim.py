"""Takes a ROS domain id that no test, bench or demo on this machine uses. Knows no ROS."""

import itertools
import os
import socket

# Ports of higher domains collide with ephemeral ports on Linux; 0 is everybody's default.
DOMAIN_IDS = range(1, 100)

_turns = itertools.count(os.getpid())


def claim_domain() -> tuple[int, socket.socket]:
    """Take a free domain id; the kernel frees it when the socket or its process ends.

    Raises:
        RuntimeError: there is none.
    """
    # Each claim gets the next id, as the ghosts of the last may linger in theirs.
    for _ in DOMAIN_IDS:
        domain_id = DOMAIN_IDS[next(_turns) % len(DOMAIN_IDS)]
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f'\0ros_domain_{domain_id}')  # abstract: it leaves no file behind
        except OSError:
            claim.close()
            continue
        return domain_id, claim
    raise RuntimeError(f'all {len(DOMAIN_IDS)} ROS domains are in use by other tests')

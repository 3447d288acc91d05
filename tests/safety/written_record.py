"""Records for tests."""

from nemotron_agent.safety.audit_entry import recordable
from nemotron_agent.safety.audit_folder import AuditFolder
from nemotron_agent.safety.audit_writer import AuditLimits, AuditWriter
from nemotron_agent.safety.utc_time import utc_now

HEADING = {'node': '/agent'}


def write_record(folder, count, limits=None, event='note'):
    """Append `count` entries to a record."""
    writer = AuditWriter(folder, limits or AuditLimits())
    writer.heading = HEADING
    writer.open()
    for number in range(count):
        writer.append(event, recordable({'number': number}), utc_now())
    writer.close()
    return AuditFolder(folder)

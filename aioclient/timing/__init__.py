"""Where the time of requests goes, and HAR files of it; not loaded by `import aioclient`.

timing = TimingConfig()
async with aioclient.ClientSession(trace_configs=[timing]) as session:
    ...
for record in timing.records:
    print(record.method, record.url, record.phases)
write_har("requests.har", timing.records)
"""

from ._config import TimingConfig as TimingConfig
from ._har import to_har as to_har
from ._har import write_har as write_har
from ._record import Phases as Phases
from ._record import RecordedBody as RecordedBody
from ._record import TimingRecord as TimingRecord

__all__ = ["Phases", "RecordedBody", "TimingConfig", "TimingRecord", "to_har", "write_har"]

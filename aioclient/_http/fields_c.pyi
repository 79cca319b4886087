from multidict import CIMultiDict

from aioclient._aliases import RawHeaders
from aioclient._http.events import FieldSection

def raw_pairs(section: FieldSection) -> RawHeaders: ...
def to_multidict(section: FieldSection) -> CIMultiDict[str]: ...

"""A form with text and a file: it goes out as multipart, and no more than a piece is in memory.

python examples/upload_form.py URL FILE
"""

import asyncio
import sys
from pathlib import Path

import aioclient


async def upload(url: str, path: Path) -> int:
    form = aioclient.FormData(quote_fields=False)  # file names as browsers send them
    form.add_field("title", "A file and a few words")
    with path.open("rb") as file:
        form.add_field("file", file, filename=path.name, content_type="application/octet-stream")
        async with aioclient.ClientSession() as session:
            async with session.post(url, data=form) as response:
                return response.status


if __name__ == "__main__":
    print(asyncio.run(upload(sys.argv[1], Path(sys.argv[2]))))

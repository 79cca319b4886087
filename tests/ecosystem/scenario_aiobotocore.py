"""aiobotocore and s3fs: objects of a local moto server, small, streamed and in parts."""

import asyncio
import os

import aiohttp
import s3fs
from aiobotocore.session import get_session
from moto.server import ThreadedMotoServer
from scenario import run

DATA = os.urandom(6 * 2**20)


async def main() -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = {
        "endpoint_url": f"http://{host}:{port}",
        "region_name": "us-east-1",
        "aws_access_key_id": "testing",
        "aws_secret_access_key": "testing",
    }
    try:
        await use_aiobotocore(options)
        await asyncio.to_thread(use_s3fs, options)
    finally:
        server.stop()


async def use_aiobotocore(options: dict[str, str]) -> None:
    async with get_session().create_client("s3", **options) as client:
        await client.create_bucket(Bucket="bucket")
        await client.put_object(Bucket="bucket", Key="small", Body=b"hello")
        await client.put_object(Bucket="bucket", Key="large", Body=DATA)
        response = await client.get_object(Bucket="bucket", Key="small")
        async with response["Body"] as stream:
            assert isinstance(stream.raw_stream, aiohttp.ClientResponse)
            assert await stream.read() == b"hello"
        response = await client.get_object(Bucket="bucket", Key="large", Range="bytes=5-1000004")
        pieces = [piece async for piece in response["Body"].iter_chunks(2**16)]
        assert b"".join(pieces) == DATA[5:1_000_005]
        listed = await client.list_objects_v2(Bucket="bucket")
        assert [each["Key"] for each in listed["Contents"]] == ["large", "small"]
        try:
            await client.get_object(Bucket="bucket", Key="missing")
        except client.exceptions.NoSuchKey:
            pass
        else:
            raise AssertionError("no error")


def use_s3fs(options: dict[str, str]) -> None:
    filesystem = s3fs.S3FileSystem(
        key="testing",
        secret="testing",
        client_kwargs={
            "endpoint_url": options["endpoint_url"],
            "region_name": options["region_name"],
        },
    )
    assert filesystem.cat("bucket/small") == b"hello"
    with filesystem.open("bucket/parts", "wb", block_size=5 * 2**20) as file:
        file.write(DATA)
        file.write(DATA)
    assert filesystem.du("bucket/parts") == 2 * len(DATA)
    with filesystem.open("bucket/parts", "rb") as file:
        file.seek(len(DATA) - 10)
        assert file.read(20) == DATA[-10:] + DATA[:10]
    assert sorted(filesystem.ls("bucket")) == ["bucket/large", "bucket/parts", "bucket/small"]
    filesystem.rm("bucket/small")
    assert not filesystem.exists("bucket/small")


run(main)

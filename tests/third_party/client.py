"""A client on Python's `websockets`: `client.py URL COMMAND [ARGUMENT]`. Prints the result.

echo SIZES: sends text and binary of each size and compares what comes back; ping: pings; close: closes with a code and a
reason; send N: sends N bytes and waits for the end; wait: prints messages until the end.
"""

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def echo(connection, sizes):
    count = 0
    for size in map(int, sizes.split(",")):
        for packet in ("x" * size, bytes(index % 251 for index in range(size))):
            await connection.send(packet)
            assert await connection.recv() == packet, size
            count += 1
    await connection.close()
    print(count, "packets came back as they went")


async def ping(connection):
    await (await connection.ping(b"beat"))
    print("pong beat")


async def close(connection):
    await connection.close(4001, "enough, grüße")
    print_end(connection)


async def send(connection, size):
    try:
        await connection.send(bytes(int(size)))
        await connection.recv()
    except ConnectionClosed:
        print_end(connection)


async def wait(connection):
    async for message in connection:
        print("text" if isinstance(message, str) else "binary", len(message))
    print_end(connection)


def print_end(connection):
    print("closed", connection.close_code, connection.close_reason)


async def main(url, command, *arguments):
    async with connect(url) as connection:
        try:
            await {"echo": echo, "ping": ping, "close": close, "send": send, "wait": wait}[command](
                connection, *arguments
            )
        except ConnectionClosed:
            # An end with an error code interrupts a loop over messages.
            print_end(connection)


asyncio.run(main(*sys.argv[1:]))

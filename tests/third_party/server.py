"""A server on Python's `websockets`. Prints its URL, then each message, and how each connection ended.

/ echoes; /ping pings, waits for the pong and sends a text about it; /send/N sends N bytes; /close/CODE closes.
"""

import asyncio

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


async def converse(connection):
    command, *argument = connection.request.path.strip("/").split("/")
    if command == "ping":
        await (await connection.ping(b"beat"))
        await connection.send("pong beat")
    elif command == "send":
        await connection.send(bytes(int(argument[0])))
    elif command == "close":
        await connection.close(int(argument[0]), "go")
    async for message in connection:
        kind = "text" if isinstance(message, str) else "binary"
        print(kind, len(message))
        await connection.send(message)


async def handle(connection):
    try:
        await converse(connection)
    except ConnectionClosed:
        pass
    await connection.wait_closed()
    print("closed", connection.close_code, connection.close_reason)


def choose(_connection, offered):
    return "game" if "game" in offered else None


async def main():
    async with serve(handle, "127.0.0.1", 0, select_subprotocol=choose, max_size=None) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"ws://127.0.0.1:{port}")
        await server.serve_forever()


asyncio.run(main())

"""A closed loop with httpx: ``python httpx_loop.py URL CONNECTIONS SECONDS`` prints answers, p50 and p99 as JSON."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time

import httpx


async def main(url: str, connections: int, seconds: float) -> None:
    """Ask as fast as answers come."""
    latencies: list[float] = []
    end = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    async with httpx.AsyncClient(limits=limits) as client:

        async def ask() -> None:
            while (begun := time.monotonic()) < end:
                answer = await client.get(url)
                if answer.is_success:
                    latencies.append(time.monotonic() - begun)

        await asyncio.gather(*(ask() for _ in range(connections)))
    cuts = statistics.quantiles(latencies, n=100)
    print(json.dumps([len(latencies), cuts[49], cuts[98]]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))

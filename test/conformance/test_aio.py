"""tritonclient's asyncio clients, many requests at once over one connection pool."""

import asyncio
import unittest

import numpy as np
import shared
import tritonclient.grpc as grpc
import tritonclient.grpc.aio as grpc_aio
import tritonclient.http as http
import tritonclient.http.aio as http_aio

REQUESTS = 100


class Aio(unittest.IsolatedAsyncioTestCase):
    async def many(self, client: object, module: object) -> None:
        async def one(index: int) -> None:
            version = str(index % 3 + 1)
            row = np.array([[index, 0, 0, 0]], dtype=np.float32)
            result = await client.infer("scale", [shared.tensor(module, "x", row)], model_version=version)
            np.testing.assert_allclose(result.as_numpy("y"), row * 10 * int(version))

        await asyncio.gather(*(one(index) for index in range(REQUESTS)))

    async def test_http(self) -> None:
        async with http_aio.InferenceServerClient(shared.SERVER.http) as client:
            self.assertTrue(await client.is_server_ready())
            await self.many(client, http)

    async def test_grpc(self) -> None:
        async with grpc_aio.InferenceServerClient(shared.SERVER.grpc) as client:
            self.assertTrue(await client.is_server_ready())
            await self.many(client, grpc)

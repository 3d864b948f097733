/**
 * Writes what is generated from our own tables: the client's types from the server's OpenAPI document, docs/reference, and the .proto files in protocol. Tests compare the files with these functions' results.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { FEEDBACK_PROTO, INFERENCE_PROTO } from '../src/api/inference/grpc/schema/index.ts';
import { managementOpenApi } from '../src/api/management/index.ts';
import { PLATFORM_VERSION } from '../src/version.ts';
import { referencePages } from './reference-pages.ts';

/** Text of `clients/typescript/src/schema.d.ts`. */
export async function clientTypes(): Promise<string> {
  const nodes = await openapiTS(managementOpenApi(PLATFORM_VERSION) as unknown as OpenAPI3, { alphabetize: true });
  return `/** Generated from the server's OpenAPI document by scripts/generate.ts; change the schemas in src/api/management. */\n\n${astToString(nodes)}`;
}

if (import.meta.main) {
  writeFileSync(fileURLToPath(new URL('../clients/typescript/src/schema.d.ts', import.meta.url)), await clientTypes());
  for (const [file, text] of referencePages()) writeFileSync(fileURLToPath(new URL(`../docs/reference/${file}`, import.meta.url)), text);
  for (const [file, text] of [['inference', INFERENCE_PROTO], ['feedback', FEEDBACK_PROTO]]) writeFileSync(fileURLToPath(new URL(`../protocol/${file}.proto`, import.meta.url)), text as string);
}

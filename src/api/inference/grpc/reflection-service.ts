import { GrpcStatus } from '../../../core/index.ts';
import type { FileDescriptor } from './schema/descriptors.ts';
import { decodeMessage, encodeMessage, SCHEMA_FILES } from './schema/index.ts';
import type { MessageStream, Method } from './server/index.ts';

interface Request {
  readonly message_request?: string;
  readonly file_by_filename: string;
  readonly file_containing_symbol: string;
  readonly file_containing_extension: { readonly containing_type: string; readonly extension_number: number } | null;
  readonly all_extension_numbers_of_type: string;
}

let described: Promise<readonly FileDescriptor[]> | null = null;

/** Descriptors are built for the first client that asks, since most never do. */
function descriptors(): Promise<readonly FileDescriptor[]> {
  described ??= import('./schema/descriptors.ts').then(({ describeFile }) => SCHEMA_FILES.map(describeFile));
  return described;
}

/** grpc.reflection.v1 and v1alpha: what services there are, and their schemas. */
export function reflectionMethods(): Iterable<[string, Method]> {
  return ['grpc.reflection.v1', 'grpc.reflection.v1alpha'].map((space): [string, Method] => [`/${space}.ServerReflection/ServerReflectionInfo`, { stream: (stream) => serve(stream, space) }]);
}

async function serve(stream: MessageStream, space: string): Promise<void> {
  const files = await descriptors();
  for await (const bytes of stream.messages) {
    const request = decodeMessage<Request & { readonly host: string }>(`${space}.ServerReflectionRequest`, bytes);
    await stream.write(encodeMessage(`${space}.ServerReflectionResponse`, { valid_host: request.host, original_request: request, ...answer(files, request) }));
  }
}

function answer(files: readonly FileDescriptor[], request: Request): object {
  switch (request.message_request) {
    case 'list_services':
      return { list_services_response: { service: files.flatMap(({ services }) => services).map((name) => ({ name })) } };
    case 'file_by_filename':
      return fileResponse(files.find(({ name }) => name === request.file_by_filename), `file '${request.file_by_filename.slice(0, 200)}'`);
    case 'file_containing_symbol':
      return fileResponse(files.find(({ symbols }) => symbols.has(request.file_containing_symbol)), `symbol '${request.file_containing_symbol.slice(0, 200)}'`);
    case 'all_extension_numbers_of_type': {
      const type = request.all_extension_numbers_of_type;
      if (files.some(({ symbols }) => symbols.has(type))) return { all_extension_numbers_response: { base_type_name: type, extension_number: [] } };
      return refusal(GrpcStatus.NOT_FOUND, `type '${type.slice(0, 200)}' is not known`);
    }
    case 'file_containing_extension':
      return refusal(GrpcStatus.NOT_FOUND, 'there are no extensions');
    default:
      return refusal(GrpcStatus.INVALID_ARGUMENT, 'the request asks nothing: message_request is not set');
  }
}

function fileResponse(file: FileDescriptor | undefined, what: string): object {
  return file ? { file_descriptor_response: { file_descriptor_proto: [file.bytes] } } : refusal(GrpcStatus.NOT_FOUND, `${what} is not known`);
}

const refusal = (error_code: number, error_message: string): object => ({ error_response: { error_code, error_message } });

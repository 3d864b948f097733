import protobuf from 'protobufjs';
import * as descriptorModule from 'protobufjs/ext/descriptor.js';
import { parseSchema, type SchemaFile } from './messages.ts';

// A CommonJS module: its members are the default export's where Node does not find their names.
const descriptor = ((descriptorModule as { default?: unknown }).default ?? descriptorModule) as typeof descriptorModule;

/** A file's FileDescriptorProto, and the full names of everything that it declares. */
export interface FileDescriptor {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly symbols: ReadonlySet<string>;
  readonly services: readonly string[];
}

/**
 * Not by protobufjs' own `toDescriptor`: it refers to types by relative names and has maps without their entry messages'
 * names, which other readers of descriptors refuse.
 */
export function describeFile({ name, text }: SchemaFile): FileDescriptor {
  const root = parseSchema(text);
  const space = packageOf(root);
  const file = {
    name,
    package: fullName(space),
    syntax: 'proto3',
    ...declarations(space, 'messageType'),
    service: space.nestedArray.filter((entry) => entry instanceof protobuf.Service).map(serviceDescriptor),
  };
  const type = descriptor.FileDescriptorProto as unknown as protobuf.Type;
  return {
    name,
    bytes: type.encode(type.fromObject(file)).finish(),
    symbols: new Set(symbolsOf(space)),
    services: space.nestedArray.filter((entry) => entry instanceof protobuf.Service).map(fullName),
  };
}

/** The namespace that the file's `package` names: the innermost one without siblings. */
function packageOf(space: protobuf.NamespaceBase): protobuf.NamespaceBase {
  const [only, ...others] = space.nestedArray;
  return only instanceof protobuf.Namespace && !(only instanceof protobuf.Type) && !(only instanceof protobuf.Service) && others.length === 0 ? packageOf(only) : space;
}

/** protobufjs begins full names with a dot, as descriptors do for types that they refer to. */
const fullName = (object: protobuf.ReflectionObject): string => object.fullName.replace(/^\./, '');

function declarations(space: protobuf.NamespaceBase, messages: 'messageType' | 'nestedType') {
  return {
    [messages]: space.nestedArray.filter((entry) => entry instanceof protobuf.Type).map(messageDescriptor),
    enumType: space.nestedArray.filter((entry) => entry instanceof protobuf.Enum).map(enumDescriptor),
  };
}

function messageDescriptor(type: protobuf.Type): object {
  const { nestedType, enumType } = declarations(type, 'nestedType');
  const entries = type.fieldsArray.filter((field) => field instanceof protobuf.MapField).map(entryDescriptor);
  return {
    name: type.name,
    field: type.fieldsArray.map((field) => fieldDescriptor(field, field.partOf ? type.oneofsArray.indexOf(field.partOf) : -1)),
    nestedType: [...entries, ...(nestedType ?? [])],
    enumType,
    oneofDecl: type.oneofsArray.map(({ name }) => ({ name })),
  };
}

function fieldDescriptor(field: protobuf.Field, oneofIndex: number): object {
  const repeated = field.repeated || field instanceof protobuf.MapField;
  return {
    name: field.name,
    number: field.id,
    label: repeated ? 'LABEL_REPEATED' : 'LABEL_OPTIONAL',
    ...(field instanceof protobuf.MapField ? { type: 'TYPE_MESSAGE', typeName: `${field.parent?.fullName}.${entryName(field)}` } : typeNames(field)),
    ...(oneofIndex >= 0 && { oneofIndex }),
    ...(field.options?.proto3_optional && { proto3Optional: true }),
  };
}

function typeNames(field: protobuf.FieldBase): { type: string; typeName?: string } {
  const { resolvedType } = field;
  if (!resolvedType) return { type: `TYPE_${field.type.toUpperCase()}` };
  return { type: resolvedType instanceof protobuf.Enum ? 'TYPE_ENUM' : 'TYPE_MESSAGE', typeName: resolvedType.fullName };
}

/** A map is a repeated message of key and value. */
function entryDescriptor(field: protobuf.MapField): object {
  return {
    name: entryName(field),
    field: [
      { name: 'key', number: 1, label: 'LABEL_OPTIONAL', type: `TYPE_${field.keyType.toUpperCase()}` },
      { name: 'value', number: 2, label: 'LABEL_OPTIONAL', ...typeNames(field) },
    ],
    options: { mapEntry: true },
  };
}

const entryName = (field: protobuf.FieldBase): string => `${field.name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Entry`;

function enumDescriptor({ name, values }: protobuf.Enum): object {
  return { name, value: Object.entries(values).map(([value, number]) => ({ name: value, number })) };
}

function serviceDescriptor(service: protobuf.Service): object {
  return {
    name: service.name,
    method: service.methodsArray.map((method) => ({
      name: method.name,
      inputType: method.resolvedRequestType?.fullName,
      outputType: method.resolvedResponseType?.fullName,
      clientStreaming: method.requestStream === true,
      serverStreaming: method.responseStream === true,
    })),
  };
}

function* symbolsOf(space: protobuf.NamespaceBase): Generator<string> {
  for (const entry of space.nestedArray) {
    yield fullName(entry);
    if (entry instanceof protobuf.Type) for (const field of entry.fieldsArray) yield fullName(field);
    if (entry instanceof protobuf.Service) for (const method of entry.methodsArray) yield fullName(method);
    // Values of an enumeration are named beside it.
    if (entry instanceof protobuf.Enum) for (const value of Object.keys(entry.values)) yield `${fullName(space)}.${value}`;
    if (entry instanceof protobuf.Namespace) yield* symbolsOf(entry);
  }
}

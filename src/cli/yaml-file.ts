import { type Document, parseDocument } from 'yaml';
import { nearest } from '../core/index.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { readOrRefuse, readText } from './files.ts';

/** A value of a YAML file with the place where it stands, for refusals that say what is wrong where. */
export class YamlValue {
  readonly place: string;
  readonly value: unknown;

  constructor(place: string, value: unknown) {
    this.place = place;
    this.value = value;
  }

  /** Refuses the value, for the rule that it breaks. */
  refuse(rule: string): never {
    throw new CliError(`${this.place.replace(/:$/, '')}: ${this.value === undefined ? 'is missing' : `${(JSON.stringify(this.value) ?? String(this.value)).slice(0, 120)} is not allowed`}: ${rule}`, ExitCode.usage);
  }

  /** Its fields; unknown keys are refused with the key that was probably meant. */
  object<Key extends string>(keys: readonly Key[]): Record<Key, YamlValue> {
    const { value } = this;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return this.refuse(`an object with ${keys.join(', ')}`);
    for (const key of Object.keys(value)) {
      if ((keys as readonly string[]).includes(key)) continue;
      const meant = nearest(key, keys);
      throw new CliError(`${this.place.replace(/:$/, '')}: unknown key ${JSON.stringify(key)}${meant ? `; did you mean ${meant}?` : ''} (known: ${keys.join(', ')})`, ExitCode.usage);
    }
    return Object.fromEntries(keys.map((key) => [key, this.#at(key, (value as Record<string, unknown>)[key])])) as Record<Key, YamlValue>;
  }

  /** Its entries, whatever their keys are. */
  entries(): (readonly [string, YamlValue])[] {
    const { value } = this;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return this.refuse('an object');
    return Object.entries(value).map(([key, one]) => [key, this.#at(key, one)]);
  }

  list(min = 1, max = 100_000): readonly YamlValue[] {
    const { value } = this;
    if (!Array.isArray(value) || value.length < min || value.length > max) return this.refuse(`a list of ${min} to ${max}`);
    return value.map((one: unknown, index) => new YamlValue(`${this.place}[${index}]`, one));
  }

  number(min: number, max: number, fallback?: number): number {
    if (this.value === undefined && fallback !== undefined) return fallback;
    if (typeof this.value === 'number' && this.value >= min && this.value <= max) return this.value;
    return this.refuse(`a number from ${min} to ${max}`);
  }

  integer(min: number, max: number, fallback?: number): number {
    const value = this.number(min, max, fallback);
    return Number.isInteger(value) ? value : this.refuse(`a whole number from ${min} to ${max}`);
  }

  text(fallback?: string): string {
    if (this.value === undefined && fallback !== undefined) return fallback;
    if (typeof this.value === 'string' && this.value.length > 0 && this.value.length <= 200) return this.value;
    return this.refuse('text of 1 to 200 characters');
  }

  choice<Choice extends string>(choices: readonly Choice[], fallback?: Choice): Choice {
    const text = this.text(fallback);
    return choices.find((choice) => choice === text) ?? this.refuse(`one of ${choices.join(', ')}`);
  }

  get given(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  #at(key: string, value: unknown): YamlValue {
    return new YamlValue(this.place.endsWith(':') ? `${this.place} ${key}` : `${this.place}.${key}`, value);
  }
}

/** A YAML file of one document; what is not YAML is refused with its line. */
export const readYaml = (path: string): YamlValue => new YamlValue(`${path}:`, yamlContent(parseDocument(readText(path)), path));

/** What a document holds. An alias without an anchor, or with too many of them, is found only here. */
export function yamlContent(document: Document, place: string): unknown {
  const [fault] = document.errors;
  if (fault) throw new CliError(`${place}: ${fault.message}`, ExitCode.usage);
  return readOrRefuse(place, () => document.toJS({ maxAliasCount: 100 }));
}

import { LeptonError } from '../../core/index.ts';

/**
 * A JSON body. Throws INVALID_ARGUMENT with the parser's own reason, and for keys that would reach an object's prototype
 * if somebody copied it (`__proto__`, and `constructor` with a `prototype`): no name of ours may be one.
 */
export function parseJsonBody(text: string): unknown {
  if (text.length === 0) throw new LeptonError('INVALID_ARGUMENT', 'the request needs a JSON body (at least {})');
  const value = parsed(text);
  // A list of what is left instead of recursion: a body may be nested as deeply as its length allows.
  const left: unknown[] = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one !== 'object' || one === null) continue;
    refusePrototypeKeys(one);
    for (const inner of Object.values(one)) left.push(inner);
  }
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', `the body is not valid JSON: ${(cause as Error).message}`, { cause });
  }
}

function refusePrototypeKeys(object: object): void {
  const constructed: unknown = Object.hasOwn(object, 'constructor') ? object.constructor : null;
  const reaches = typeof constructed === 'object' && constructed !== null && Object.hasOwn(constructed, 'prototype');
  const key = Object.hasOwn(object, '__proto__') ? '__proto__' : reaches ? 'constructor' : undefined;
  if (key !== undefined) throw new LeptonError('INVALID_ARGUMENT', `the body has the key ${JSON.stringify(key)}, which is not allowed`);
}

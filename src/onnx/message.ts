const MESSAGE_LENGTH_MAX = 400;

/** onnxruntime's own source line and C++ function, up to its arguments' end: `/onnxruntime_src/…/x.h:91 void ns::F(int, T&) `. */
const LONG_PLACE = /\S*onnxruntime_src\/\S+:\d+ [^()]*\((?:[^()]|\([^()]*\))*\)(?:::<lambda\([^()]*\)>)?(?: const)?(?: \[with [^\]]*\])? ?/g;
/** The short form: `matmul_helper.h:59 Compute `. */
const SHORT_PLACE = /\b\w+\.(?:h|cc|cpp):\d+ [A-Za-z_]\w* /g;
const NODE = /Non-zero status code returned while running (\S+) node\. Name:'([^']*)' Status Message: /g;
/** The C++ condition before the sentence that explains it. */
const CONDITION = /(^|: )[^:]{1,200}? was false\. (?=\S)/;
const FILE = /^Load model from .*? failed: ?(?:Load model .*? failed\. )?/;

/** What onnxruntime says, in one line for people: the node and the reason, without places in its own source code. */
export function readableMessage(cause: unknown): string {
  const text = (cause instanceof Error ? cause.message : String(cause))
    .replace(/\s+/g, ' ')
    .trim()
    .replace(LONG_PLACE, '')
    .replace(SHORT_PLACE, '')
    .replace(CONDITION, '$1')
    .replace(FILE, '')
    .replace(NODE, (_match, operator: string, name: string) => `node ${name || 'without a name'} (${operator}): `);
  return text.length > MESSAGE_LENGTH_MAX ? `${text.slice(0, MESSAGE_LENGTH_MAX)}…` : text;
}

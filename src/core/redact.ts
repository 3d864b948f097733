/**
 * Secrets in text that others wrote: log lines, last words of a worker. Rules know forms, not values, so what they find is
 * replaced and what they don't know stays; a setting adds rules. Every repetition of the built-in patterns is bounded, so a
 * hostile line costs no more than its length.
 */
export interface RedactionRule {
  /** For documentation. */
  readonly name: string;
  readonly pattern: RegExp;
  readonly replacement: string;
}

const HIDDEN = '[redacted]';
/** Names whose value is a secret; a prefix such as `db_` or `x-` may stand before. */
const SECRET_NAME = String.raw`(?:[\w.-]{0,64}[_.-])?(?:password|passwd|passphrase|pwd|secret|(?:secret|access|api|private|account|signing|encryption)[_.-]?key(?:[_.-]?id)?|apikey|credentials?|(?:auth|access|refresh|id|api|bearer|session|csrf|x)?[_.-]?token|session[_.-]?id|set-cookie|cookie)`;
const VALUE = String.raw`"(?:[^"\\]|\\.){0,4096}"?|'(?:[^'\\]|\\.){0,4096}'?|[^\s,;&"'<>()\[\]{}\\]{1,4096}`;

/** In this order. */
export const REDACTION_RULES: readonly RedactionRule[] = [
  { name: 'private keys', pattern: /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[^-]{0,16384}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?)?/g, replacement: HIDDEN },
  { name: 'lines of a private key', pattern: /^[A-Za-z0-9+/]{64}={0,2}$/g, replacement: HIDDEN },
  { name: 'Authorization headers', pattern: /\b((?:proxy-)?authorization\\?["']?\s{0,8}[:=]\s{0,8}\\?["']?)(?:(?:bearer|basic|digest|negotiate|token|apikey|aws4-hmac-sha256)\s{1,8})?[^\s,;"'\\]{1,4096}/gi, replacement: `$1${HIDDEN}` },
  { name: 'bearer tokens', pattern: /\b(bearer\s{1,8})(?=[^\s]{0,64}[\d._+/=-]|\S{20})[\w.~+/=-]{6,4096}/gi, replacement: `$1${HIDDEN}` },
  { name: 'JSON web tokens', pattern: /\beyJ[\w-]{6,4096}\.[\w-]{1,4096}\.[\w-]{0,4096}/g, replacement: HIDDEN },
  { name: 'passwords in URLs', pattern: /\b([a-z][a-z0-9+.-]{0,31}:\/\/[^\s/:@"']{0,256}):[^\s/@"']{1,1024}@/gi, replacement: `$1:${HIDDEN}@` },
  { name: 'tokens as users in URLs', pattern: /\b([a-z][a-z0-9+.-]{0,31}:\/\/)[^\s/:@"']{16,1024}@/gi, replacement: `$1${HIDDEN}@` },
  { name: 'keys in queries of URLs', pattern: /([?&](?:[\w.-]{0,64}[_.-])?(?:key|apikey|sig|signature|code|auth|token|access_token|secret|password|credential)=)[^\s&"'<>#]{1,4096}/gi, replacement: `$1${HIDDEN}` },
  { name: 'named secrets', pattern: new RegExp(String.raw`(?<![\w.-])(${SECRET_NAME}\\?["']?\s{0,8}(?:[:=]|=>)\s{0,8})(?!\[redacted\])(?:\\?(?:${VALUE}))`, 'gi'), replacement: `$1${HIDDEN}` },
  { name: 'keys of well-known services', pattern: /\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{16,255}|hf_[A-Za-z0-9]{20,255}|sk-[\w-]{16,255}|xox[abeprs]-[\w-]{10,255}|AIza[\w-]{30,60})/g, replacement: HIDDEN },
];

/** What any rule would find has one of these; most lines have none and cost one look. */
const SUSPICIOUS = /authorization|bearer|pass|pwd|secret|key|token|credential|cookie|session|:\/\/|-----BEGIN|[?&][\w.-]{1,80}=|\beyJ|AKIA|ASIA|gh[pousr]_|github_pat|glpat-|hf_|sk-|xox|AIza|^[A-Za-z0-9+/=]{64,66}$/i;

const SECRET_KEY = new RegExp(`^${SECRET_NAME}$`, 'i');
/** Whether a field of this name holds a secret, whatever its value looks like. */
export const isSecretName = (name: string): boolean => name.length <= 128 && (SECRET_KEY.test(name) || /^(?:proxy-)?authorization$/i.test(name));

export type Redact = (text: string) => string;

/** Replaces what the built-in rules and `patterns` (each a whole secret) find by `[redacted]`. */
export function createRedactor(patterns: readonly RegExp[] = []): Redact {
  return (text) => {
    let clean = text;
    if (SUSPICIOUS.test(text)) for (const { pattern, replacement } of REDACTION_RULES) clean = clean.replace(pattern, replacement);
    for (const pattern of patterns) clean = clean.replace(pattern, HIDDEN);
    return clean;
  };
}

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { logText, shellWord, visible } from './text.ts';

describe('text of others', () => {
  it('shows control characters as pictures and keeps tabs and line ends', () => {
    assert.equal(visible('a\u0000b\u001b[31mc\u007f\td\n'), 'a␀b␛[31mc␡\td\n');
    assert.equal(visible('\u009b31m'), '⟨9b⟩31m');
    assert.equal(visible('a\rb'), 'a␍b');
  });

  it('shows what turns or hides text', () => {
    assert.equal(visible('\u202egnp.exe\u200b'), '⟨U+202E⟩gnp.exe⟨U+200B⟩');
  });

  it('leaves other text as it is', () => {
    for (const text of ['<script>alert(1)</script>', '模型 é 👍', '{"a": "b"}']) assert.equal(visible(text), text);
  });

  it('takes colours and titles of terminals out of logs', () => {
    assert.equal(logText('\u001b[1;31mred\u001b[0m\r\n\u001b]0;title\u0007ok \u001b]8;;http://x\u001b\\link'), 'red\nok link');
    assert.equal(logText('half \u001b['), 'half ␛[');
  });
});

describe('shell words', () => {
  it('reach a program as they are', () => {
    for (const word of ['plain', 'a b', "it's", '$(reboot)', '`x`', 'a"b', '', '模型', '-n', 'a\nb', '!history', '~', '*']) {
      assert.equal(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' }), word);
    }
  });
});

import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useId } from 'preact/hooks';
import type { TensorInput } from '../../../../clients/typescript/src/tensors.ts';
import { messageOf } from '../../api.ts';
import { bytes } from '../../format.ts';
import { t } from '../../i18n/index.ts';
import { visible } from '../../text.ts';
import { FILE_BYTES_MAX, PIXEL_SCALES, type PixelScale, readAudio, readImage, SAMPLE_RATES, ShapeError, textTensor } from './media.ts';
import { isFault, sampleText, type TensorSpec, tensorOfText } from './tensors.ts';

/** What somebody gives for one input. */
export interface FieldValue {
  readonly tensor: TensorInput | null;
  /** Why there is no tensor; null: there is one, or nothing was given yet. */
  readonly fault: string | null;
}

type FileKind = 'image' | 'audio' | 'text';
const kindOf = ({ type }: File): FileKind => (type.startsWith('image/') ? 'image' : type.startsWith('audio/') || type.startsWith('video/') ? 'audio' : 'text');

/** One input: nested lists, or a picture, a sound or a text from a file. */
export function InputField({ spec, value }: { readonly spec: TensorSpec; readonly value: Signal<FieldValue> }) {
  const id = useId();
  const text = useSignal(sampleText(spec));
  const file = useSignal<File | null>(null);
  const scale = useSignal<PixelScale>(spec.datatype === 'UINT8' ? 'bytes' : 'unit');
  const sampleRate = useSignal<number>(16_000);
  useEffect(() => {
    let current = true;
    const set = (next: FieldValue): void => void (current && (value.value = next));
    if (file.value === null) set(valueOfText(text.value, spec));
    else valueOfFile(file.value, spec, scale.value, sampleRate.value).then(set);
    return () => void (current = false);
  }, [text.value, file.value, scale.value, sampleRate.value]);
  const { fault, tensor } = value.value;
  return (
    <fieldset class="stack">
      <legend>{visible(spec.name)} <span class="muted">{spec.untyped ? t('version.untyped') : `${spec.datatype} [${spec.shape.map((size, index) => (size < 0 ? visible(spec.dimensionNames?.[index] || '?') : size)).join(', ')}]`}</span></legend>
      {file.value === null
        ? <textarea id={id} rows={4} spellcheck={false} aria-label={t('tryIt.lists', { input: visible(spec.name) })} value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} placeholder={t('tryIt.listsHint')} />
        : <FilePreview file={file.value} onRemove={() => (file.value = null)} />}
      <div class="row">
        <label class="field"><span>{t('tryIt.file')}</span><input type="file" accept="image/*,audio/*,text/*,.json,.txt" onChange={(event) => (file.value = event.currentTarget.files?.[0] ?? null)} /></label>
        {file.value && kindOf(file.value) === 'image' && spec.datatype !== 'UINT8' && (
          <label class="field"><span>{t('tryIt.scale')}</span><select value={scale.value} onChange={(event) => (scale.value = event.currentTarget.value as PixelScale)}>{Object.entries(PIXEL_SCALES).map(([name, words]) => <option key={name} value={name}>{words}</option>)}</select></label>
        )}
        {file.value && kindOf(file.value) === 'audio' && (
          <label class="field"><span>{t('tryIt.rate')}</span><select value={sampleRate.value} onChange={(event) => (sampleRate.value = Number(event.currentTarget.value))}>{SAMPLE_RATES.map((rate) => <option key={rate} value={rate}>{`${rate} Hz`}</option>)}</select></label>
        )}
      </div>
      {fault !== null && <p class="invalid small" role="status">{visible(fault)}</p>}
      {fault === null && tensor && file.value && <p class="muted small" role="status">{t('tryIt.becomes', { tensor: `${tensor.datatype ?? ''} [${tensor.shape.join(', ')}]` })}</p>}
    </fieldset>
  );
}

function FilePreview({ file, onRemove }: { readonly file: File; readonly onRemove: () => void }) {
  const url = useSignal<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(file);
    url.value = made;
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return (
    <div class="row preview">
      {url.value && kindOf(file) === 'image' && <img src={url.value} alt={visible(file.name)} />}
      {/* biome-ignore lint/a11y/useMediaCaption: somebody's own recording, which has none. */}
      {url.value && kindOf(file) === 'audio' && <audio controls src={url.value} aria-label={visible(file.name)} />}
      <span class="wrap">{visible(file.name)} <span class="muted">{bytes(file.size)}</span></span>
      <button type="button" class="button small" onClick={onRemove}>{t('tryIt.removeFile')}</button>
    </div>
  );
}

function valueOfText(text: string, spec: TensorSpec): FieldValue {
  const found = tensorOfText(text, spec);
  if (!isFault(found)) return { tensor: found, fault: null };
  return { tensor: null, fault: found.kind === 'json' ? t('tryIt.fault.json', { message: found.message }) : t(`tryIt.fault.${found.kind}`) };
}

async function valueOfFile(file: File, spec: TensorSpec, scale: PixelScale, sampleRate: number): Promise<FieldValue> {
  if (file.size > FILE_BYTES_MAX) return { tensor: null, fault: t('tryIt.fault.large', { size: bytes(FILE_BYTES_MAX) }) };
  const kind = kindOf(file);
  try {
    if (kind === 'image') return { tensor: await readImage(file, spec, scale), fault: null };
    if (kind === 'audio') return { tensor: await readAudio(file, spec, sampleRate), fault: null };
    const text = await file.text();
    return spec.datatype === 'BYTES' ? { tensor: textTensor(text, spec), fault: null } : valueOfText(text, spec);
  } catch (error) {
    return { tensor: null, fault: error instanceof ShapeError ? t(`tryIt.fault.${kind}`) : t('tryIt.fault.unreadable', { message: messageOf(error) }) };
  }
}

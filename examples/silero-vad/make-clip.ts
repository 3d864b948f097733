/**
 * Makes clip.wav (speech over music, 16 kHz mono 16-bit) and clip.truth.json (where the speech is, from the envelope of the
 * clean speech). Needs espeak-ng and sox; run it only to make another clip:
 *
 *     node examples/silero-vad/make-clip.ts
 */
import { seededRandom } from '../../src/core/index.ts';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLE_RATE, wavBytes, wavSamples } from './wav.ts';

/** What is said, by whom, how fast (words a minute), and the silence before it in seconds. */
const LINES: readonly { readonly text: string; readonly voice: string; readonly speed: number; readonly pauseSeconds: number }[] = [
  { text: 'Good evening, and welcome to the show.', voice: 'en-us', speed: 150, pauseSeconds: 1.4 },
  { text: 'Tonight three versions of one model listen to the same recording.', voice: 'en-gb', speed: 160, pauseSeconds: 1.1 },
  { text: 'Each of them decides, thirty times a second, whether somebody is speaking.', voice: 'en-us+f3', speed: 165, pauseSeconds: 2.2 },
  { text: 'The oldest is easily fooled by music.', voice: 'en-gb-scotland', speed: 150, pauseSeconds: 1.6 },
  { text: 'The newest is not.', voice: 'en-us+f2', speed: 140, pauseSeconds: 2.4 },
  { text: 'Listen for yourself, and thank you for being here.', voice: 'en-us', speed: 155, pauseSeconds: 1.2 },
];
const TAIL_SECONDS = 2.2;
/** How much louder the speech is than the music, decibels, measured where there is speech. */
const SPEECH_OVER_MUSIC_DB = Number(process.argv[2] ?? 3);

function say(text: string, voice: string, speed: number): Float32Array {
  const spoken = execFileSync('espeak-ng', ['-v', voice, '-s', String(speed), '--stdout', text]);
  return wavSamples(execFileSync('sox', ['-D', '-t', 'wav', '-', '-r', String(SAMPLE_RATE), '-c', '1', '-b', '16', '-t', 'wav', '-'], { input: spoken, stdio: ['pipe', 'pipe', 'ignore'] }));
}

function speechTrack(): Float32Array {
  const parts = LINES.flatMap(({ text, voice, speed, pauseSeconds }) => [new Float32Array(pauseSeconds * SAMPLE_RATE), say(text, voice, speed)]);
  parts.push(new Float32Array(TAIL_SECONDS * SAMPLE_RATE));
  const track = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    track.set(part, position);
    position += part.length;
  }
  return track;
}

/** Four chords of plucked strings, a bass, and drums at 96 beats a minute. */
function musicTrack(length: number): Float32Array {
  const track = new Float32Array(length);
  const random = seededRandom(7);
  const beat = Math.round((60 / 96) * SAMPLE_RATE);
  const chords = [[220, 261.63, 329.63], [174.61, 220, 261.63], [261.63, 329.63, 392], [196, 246.94, 293.66]] as const;
  for (let start = 0, index = 0; start < length; start += beat, index++) {
    const chord = chords[Math.floor(index / 4) % 4] as readonly number[];
    for (const half of [0, 1]) pluck(track, start + half * (beat >> 1), (chord[(index + half) % 3] as number) * 2, 0.3, random);
    if (index % 4 === 0) for (const frequency of chord) swell(track, start, beat * 4, frequency, 0.09);
    if (index % 2 === 0) pluck(track, start, (chord[0] as number) / 2, 0.5, random);
    kick(track, start, index % 2 === 0 ? 0.5 : 0);
    hiss(track, start, index % 2 === 1 ? 0.22 : 0.08, random);
    hiss(track, start + (beat >> 1), 0.08, random);
  }
  return track;
}

/** A plucked string after Karplus and Strong (1983): noise in a delay line that is averaged as it goes round. */
function pluck(track: Float32Array, start: number, frequency: number, level: number, random: () => number): void {
  const line = Float32Array.from({ length: Math.round(SAMPLE_RATE / frequency) }, () => random() * 2 - 1);
  for (let n = 0; n < SAMPLE_RATE && start + n < track.length; n++) {
    const at = n % line.length;
    const next = line[(at + 1) % line.length] as number;
    track[start + n] = (track[start + n] as number) + level * (line[at] as number);
    line[at] = 0.498 * ((line[at] as number) + next);
  }
}

function swell(track: Float32Array, start: number, length: number, frequency: number, level: number): void {
  for (let n = 0; n < length && start + n < track.length; n++) {
    const phase = (2 * Math.PI * frequency * n) / SAMPLE_RATE;
    const vibrato = 0.3 * Math.sin((2 * Math.PI * 5 * n) / SAMPLE_RATE);
    const tone = Math.sin(phase + vibrato) + 0.5 * Math.sin(2 * phase + vibrato) + 0.25 * Math.sin(3 * phase);
    track[start + n] = (track[start + n] as number) + level * Math.sin((Math.PI * n) / length) * tone;
  }
}

function kick(track: Float32Array, start: number, level: number): void {
  for (let n = 0; n < 2400 && start + n < track.length; n++) track[start + n] = (track[start + n] as number) + level * Math.exp(-n / 700) * Math.sin(2 * Math.PI * (45 + 60 * Math.exp(-n / 400)) * (n / SAMPLE_RATE));
}

function hiss(track: Float32Array, start: number, level: number, random: () => number): void {
  for (let n = 0; n < 1600 && start + n < track.length; n++) track[start + n] = (track[start + n] as number) + level * Math.exp(-n / 350) * (random() * 2 - 1);
}

const meanSquare = (track: Float32Array, from = 0, to = track.length): number => track.subarray(from, to).reduce((sum, value) => sum + value * value, 0) / (to - from);

/** Speech is where the clean track's 10 ms energy is within 35 dB of its loudest, gaps under 200 ms closed. */
function speechSegments(speech: Float32Array): { startSeconds: number; endSeconds: number }[] {
  const window = SAMPLE_RATE / 100;
  const energy = Array.from({ length: Math.floor(speech.length / window) }, (_, index) => meanSquare(speech, index * window, (index + 1) * window));
  const threshold = Math.max(...energy) * 10 ** -3.5;
  const segments: { startSeconds: number; endSeconds: number }[] = [];
  energy.forEach((value, index) => {
    if (value < threshold) return;
    const last = segments.at(-1);
    if (last && index / 100 - last.endSeconds < 0.2) last.endSeconds = (index + 1) / 100;
    else segments.push({ startSeconds: index / 100, endSeconds: (index + 1) / 100 });
  });
  return segments.filter(({ startSeconds, endSeconds }) => endSeconds - startSeconds >= 0.05);
}

const speech = speechTrack();
const music = musicTrack(speech.length);
const segments = speechSegments(speech);
const speechPower = segments.reduce((sum, { startSeconds, endSeconds }) => sum + meanSquare(speech, startSeconds * SAMPLE_RATE, endSeconds * SAMPLE_RATE) * (endSeconds - startSeconds), 0) / segments.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
const gain = Math.sqrt(speechPower / meanSquare(music) / 10 ** (SPEECH_OVER_MUSIC_DB / 10));
const mixed = speech.map((value, index) => value + gain * (music[index] as number));
const peak = mixed.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const clip = mixed.map((value) => (value / peak) * 0.9);

writeFileSync(join(import.meta.dirname, 'clip.wav'), wavBytes(clip));
writeFileSync(join(import.meta.dirname, 'clip.truth.json'), `${JSON.stringify({ sampleRate: SAMPLE_RATE, seconds: clip.length / SAMPLE_RATE, speechOverMusicDb: SPEECH_OVER_MUSIC_DB, segments }, null, 2)}\n`);
const spoken = segments.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
console.log(`clip.wav: ${(clip.length / SAMPLE_RATE).toFixed(1)} s, ${spoken.toFixed(1)} s of speech in ${segments.length} segments, speech ${SPEECH_OVER_MUSIC_DB} dB over the music`);

import type { ProfileSettings } from './profile';

/**
 * The few things that browsers let a page decide only in the text of a session description (RFC 8866,
 * RFC 7587). Each function takes and returns a whole description and leaves every line it does not know alone.
 */

/**
 * Our own offer: asks for stereo in what we receive (browsers decode mono unless their *own* description says
 * `stereo=1`), announces stereo in what we send, and offers retransmission for audio, which browsers support but do not offer.
 */
export function prepareOffer(sdp: string): string {
  return mapSections(sdp, 'audio', (lines) => {
    const opus = payloadTypeOf(lines, 'opus');
    if (opus === null) return lines;
    const receives = lines.includes('a=recvonly') || lines.includes('a=sendrecv');
    const parameters: Record<string, string> = { useinbandfec: '0' };
    if (receives) parameters.stereo = '1';
    if (!lines.includes('a=recvonly')) parameters['sprop-stereo'] = '1';
    let out = setFmtp(lines, opus, parameters);
    for (const payloadType of [opus, payloadTypeOf(lines, 'red')]) {
      if (payloadType !== null) out = addFeedback(out, payloadType, 'nack');
    }
    return out;
  });
}

/** How one of our sound sections is to be sent. */
export interface SoundSending extends ProfileSettings {
  /** Send every frame twice (RFC 2198) where both sides can. */
  readonly redundancy: 'red' | 'none';
}

/**
 * The server's answer, before the browser gets it: the encoder takes its channels, bitrate and frame length from the
 * *remote* description, so the profile is written there. `sending` is by mid.
 */
export function applyProfiles(sdp: string, sending: ReadonlyMap<string, SoundSending>): string {
  return mapSections(sdp, 'audio', (lines) => {
    const profile = sending.get(midOf(lines) ?? '');
    const opus = payloadTypeOf(lines, 'opus');
    if (!profile || opus === null) return lines;
    const out = setFmtp(lines, opus, {
      stereo: profile.channels === 2 ? '1' : '0',
      'sprop-stereo': profile.channels === 2 ? '1' : '0',
      maxaveragebitrate: String(profile.bitrateBps),
      useinbandfec: '0',
      usedtx: '0',
    });
    const first = profile.redundancy === 'red' ? (payloadTypeOf(out, 'red') ?? opus) : opus;
    return preferPayloadType(setPtime(out, profile.frameMs), first);
  });
}

/**
 * The server's answer, before the browser gets it: Chromium believes in 300 kbit/s until it has measured, shrinks the picture to
 * fit, and takes 15 s to undo that. It measures within half a second, so a picture may begin with more. Others ignore this.
 */
export function startPictures(sdp: string, startBps: number): string {
  return mapSections(sdp, 'video', (lines) => {
    const first = lines[0]?.split(' ')[3];
    const sends = lines.includes('a=recvonly') || lines.includes('a=sendrecv');
    if (!sends || first === undefined) return lines;
    return setFmtp(lines, first, { 'x-google-start-bitrate': String(startBps / 1000) });
  });
}

/* ---------------------------------------------------------------- helpers */

interface Description {
  readonly session: readonly string[];
  readonly sections: readonly (readonly string[])[];
}

function split(sdp: string): Description {
  const session: string[] = [];
  const sections: string[][] = [];
  for (const line of sdp.split(/\r?\n/)) {
    if (line === '') continue;
    if (line.startsWith('m=')) sections.push([line]);
    else (sections.at(-1) ?? session).push(line);
  }
  return { session, sections };
}

type Change = (lines: readonly string[]) => readonly string[];

function mapSections(sdp: string, kind: 'audio' | 'video', change: Change): string {
  const { session, sections } = split(sdp);
  const changed = sections.map((lines) => (lines[0]?.startsWith(`m=${kind} `) ? change(lines) : lines));
  return [...session, ...changed.flat()].map((line) => `${line}\r\n`).join('');
}

function midOf(lines: readonly string[]): string | null {
  return lines.find((line) => line.startsWith('a=mid:'))?.slice('a=mid:'.length) ?? null;
}

function payloadTypeOf(lines: readonly string[], codec: string): string | null {
  for (const line of lines) {
    const match = /^a=rtpmap:(\d+) ([\w-]+)\//.exec(line);
    if (match?.[2]?.toLowerCase() === codec) return match[1] ?? null;
  }
  return null;
}

/** Sets parameters of a payload type and keeps the others; adds the line after its rtpmap when there is none. */
function setFmtp(lines: readonly string[], payloadType: string, set: Readonly<Record<string, string>>): string[] {
  const prefix = `a=fmtp:${payloadType} `;
  const old = lines.find((line) => line.startsWith(prefix))?.slice(prefix.length) ?? '';
  const parameters = new Map<string, string>();
  for (const part of old.split(';')) {
    const [name, value] = part.trim().split('=');
    if (name) parameters.set(name, value ?? '');
  }
  for (const [name, value] of Object.entries(set)) parameters.set(name, value);
  const text = [...parameters].map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join(';');
  if (!lines.some((line) => line.startsWith(prefix))) return insertAfterRtpmap(lines, payloadType, prefix + text);
  return lines.map((line) => (line.startsWith(prefix) ? prefix + text : line));
}

function addFeedback(lines: readonly string[], payloadType: string, feedback: string): string[] {
  const line = `a=rtcp-fb:${payloadType} ${feedback}`;
  return lines.includes(line) ? [...lines] : insertAfterRtpmap(lines, payloadType, line);
}

function insertAfterRtpmap(lines: readonly string[], payloadType: string, line: string): string[] {
  const at = lines.findIndex((candidate) => candidate.startsWith(`a=rtpmap:${payloadType} `));
  return at < 0 ? [...lines] : [...lines.slice(0, at + 1), line, ...lines.slice(at + 1)];
}

function setPtime(lines: readonly string[], milliseconds: number): string[] {
  return [
    ...lines.filter((line) => !line.startsWith('a=ptime:')),
    `a=ptime:${milliseconds}`,
  ];
}

/** Moves a payload type to the front of the m-line: the sender uses the first. */
function preferPayloadType(lines: readonly string[], payloadType: string): string[] {
  const [media = '', ...rest] = lines;
  const [kind = '', port = '', protocol = '', ...formats] = media.split(' ');
  if (!formats.includes(payloadType)) return [...lines];
  const order = [payloadType, ...formats.filter((format) => format !== payloadType)];
  return [[kind, port, protocol, ...order].join(' '), ...rest];
}

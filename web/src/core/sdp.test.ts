import { describe, expect, it } from 'vitest';
import answer from './fixtures/answer.sdp?raw';
import offer from './fixtures/chromium-offer.sdp?raw';
import { PROFILES } from './profile';
import { applyProfiles, prepareOffer, startPictures } from './sdp';

function section(sdp: string, mid: string): string[] {
  const found = sdp.split(/^(?=m=)/m).find((text) => text.includes(`a=mid:${mid}\r\n`));
  return (found ?? '').split('\r\n').filter(Boolean);
}

/** The codec that is sent in a section: the first one its m-line lists. */
function firstCodec(sdp: string, mid: string): string | undefined {
  const lines = section(sdp, mid);
  const first = lines[0]?.split(' ')[3] ?? '';
  return lines.find((line) => line.startsWith(`a=rtpmap:${first} `))?.split(/[ /]/)[1];
}

describe('our offer', () => {
  const prepared = prepareOffer(offer);

  it('announces stereo in the microphone section', () => {
    expect(section(prepared, '0')).toContain('a=fmtp:111 minptime=10;useinbandfec=0;sprop-stereo=1');
  });

  it('asks for stereo in the seats', () => {
    expect(section(prepared, '2')).toContain('a=fmtp:111 minptime=10;useinbandfec=0;stereo=1');
  });

  it('offers retransmission for sound, with redundancy too', () => {
    for (const mid of ['0', '2']) {
      expect(section(prepared, mid)).toContain('a=rtcp-fb:111 nack');
      expect(section(prepared, mid)).toContain('a=rtcp-fb:63 nack');
    }
  });

  it('leaves pictures, transport and everything unknown alone', () => {
    const untouched = (sdp: string) =>
      sdp.split(/\r?\n/).filter((line) => line !== '' && !/^a=(fmtp:111|rtcp-fb:(111|63)) /.test(line));
    expect(untouched(prepared)).toEqual(untouched(offer));
    expect(section(prepared, '1').join('\n')).toBe(
      section(offer.replace(/\r?\n/g, '\r\n'), '1').join('\n'),
    );
  });

  it('does the same twice', () => {
    expect(prepareOffer(prepared)).toBe(prepared);
  });

  it('writes the line endings browsers insist on', () => {
    expect(prepared.endsWith('\r\n')).toBe(true);
    expect(prepared.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it('survives descriptions without sound, without Opus, or empty', () => {
    expect(prepareOffer('')).toBe('');
    expect(prepareOffer('v=0\r\nm=audio 9 RTP 0\r\na=mid:0\r\n')).toBe('v=0\r\nm=audio 9 RTP 0\r\na=mid:0\r\n');
  });
});

describe('the answer', () => {
  const apply = (profile: keyof typeof PROFILES, redundancy: 'red' | 'none') =>
    applyProfiles(answer, new Map([['0', { ...PROFILES[profile], redundancy }]]));

  it('makes the coder send the profile', () => {
    const music = section(apply('music', 'none'), '0');
    expect(music).toContain(
      'a=fmtp:111 minptime=10;useinbandfec=0;stereo=1;sprop-stereo=1;maxaveragebitrate=128000;usedtx=0',
    );
    expect(music).toContain('a=ptime:20');
    const studio = section(apply('studio', 'none'), '0');
    expect(studio.join()).toContain('maxaveragebitrate=256000');
    expect(studio).toContain('a=ptime:10');
    expect(section(apply('speech', 'none'), '0').join()).toContain('stereo=0');
  });

  it('sends with redundancy when wanted', () => {
    expect(firstCodec(apply('music', 'red'), '0')).toBe('red');
    expect(firstCodec(apply('music', 'none'), '0')).toBe('opus');
  });

  it('falls back to plain Opus when the other side has no redundancy', () => {
    const plain = answer.replace(/ 63$/gm, '').replace(/^a=.*\b63\b.*\n/gm, '');
    const applied = applyProfiles(plain, new Map([['0', { ...PROFILES.music, redundancy: 'red' }]]));
    expect(firstCodec(applied, '0')).toBe('opus');
  });

  it('does not touch what we receive', () => {
    const lines = (sdp: string) => section(sdp.replace(/\r?\n/g, '\r\n'), '2');
    expect(lines(apply('music', 'red'))).toEqual(lines(answer));
  });

  it('lets the picture we send begin with more than 300 kbit/s, and changes nothing else', () => {
    const picture = 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\n';
    const hint = 'a=fmtp:96 x-google-start-bitrate=800\r\n';
    expect(startPictures(picture, 800_000)).toBe(picture + hint);
    expect(startPictures(picture + hint, 800_000)).toBe(picture + hint);
    const seat = picture.replace('recvonly', 'sendonly');
    expect(startPictures(seat, 800_000)).toBe(seat);
  });
});

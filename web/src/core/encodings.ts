import type { RoomKind, TrackSource } from '../generated/wire';

/** One good picture for one or a few watchers; the server forwards it as it is. */
const LESSON_CAMERA: RTCRtpEncodingParameters[] = [{ maxBitrate: 2_500_000 }];

/** What `lib.dom` does not know of an encoding yet (W3C webrtc-svc). */
export interface Encoding extends RTCRtpEncodingParameters {
  scalabilityMode?: string;
}

/**
 * Three layers, smallest first (RFC 8853 lets the server choose): 180 lines for a tile of 5×5, 360 for one of 3×3, 720 for
 * the speaker. Each has two temporal layers: the server halves the pictures before it takes a smaller one.
 */
const CONFERENCE_CAMERA: Encoding[] = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 100_000, scalabilityMode: 'L1T2' },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 350_000, scalabilityMode: 'L1T2' },
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_200_000, scalabilityMode: 'L1T2' },
];

/** Text must be sharp; 15 pictures a second are enough to turn a page. */
const SCREEN: Encoding[] = [{ maxBitrate: 3_000_000, maxFramerate: 15 }];
/** Many watchers have many networks: a narrow one gets half of the pictures, as sharp as all. */
const CONFERENCE_SCREEN: Encoding[] = [{ maxBitrate: 2_500_000, maxFramerate: 15, scalabilityMode: 'L1T2' }];

/** Enough for 720 lines (Chromium's own table), and little enough for a narrow line until it has been measured. */
export const PICTURES_START_BPS = 800_000;

export function isSound(source: TrackSource): boolean {
  return source === 'microphone' || source === 'screen_sound';
}

export function encodingsFor(source: TrackSource, kind: RoomKind): Encoding[] {
  switch (source) {
    case 'camera':
      return (kind === 'conference' ? CONFERENCE_CAMERA : LESSON_CAMERA).map((encoding) => ({ ...encoding }));
    case 'second_camera':
      return LESSON_CAMERA.map((encoding) => ({ ...encoding }));
    case 'screen':
      return (kind === 'conference' ? CONFERENCE_SCREEN : SCREEN).map((encoding) => ({ ...encoding }));
    case 'microphone':
    case 'screen_sound':
      // Sound is never to suffer for a picture.
      return [{ priority: 'high', networkPriority: 'high' }];
  }
}

/** The same without what older browsers refuse to make a sender with. */
export function plainEncodings(encodings: readonly Encoding[]): RTCRtpEncodingParameters[] {
  return encodings.map((encoding) => {
    const plain = { ...encoding };
    delete plain.scalabilityMode;
    return plain;
  });
}

/** What a narrow uplink may cost: a screen its fluency, a face its sharpness. */
export function degradationFor(source: TrackSource): RTCDegradationPreference | null {
  switch (source) {
    case 'screen':
      return 'maintain-resolution';
    case 'camera':
    case 'second_camera':
      return 'balanced';
    default:
      return null;
  }
}

export function contentHintFor(source: TrackSource): string {
  switch (source) {
    case 'screen':
      return 'detail';
    case 'screen_sound':
      return 'music';
    case 'microphone':
      return '';
    default:
      return 'motion';
  }
}

const AUDIO_CODECS = ['audio/opus', 'audio/red'];
const VIDEO_CODECS = ['video/vp8', 'video/h264', 'video/vp9', 'video/av1', 'video/rtx'];

/** Offers only what the server forwards: a page with 25 seats sends a description of half the size. */
export function limitCodecs(transceiver: RTCRtpTransceiver, kind: 'audio' | 'video'): void {
  const wanted = kind === 'audio' ? AUDIO_CODECS : VIDEO_CODECS;
  try {
    const known = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
    const codecs = wanted.flatMap((type) => known.filter((codec) => codec.mimeType.toLowerCase() === type));
    // Retransmission is one entry for all codecs; it must come last but must come.
    if (codecs.length > 0) transceiver.setCodecPreferences(codecs);
  } catch {
    // Older browsers have no setCodecPreferences or refuse the order: their own list works too.
  }
}

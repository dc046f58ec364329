import type { RoomKind, TrackSource } from '../generated/wire';

/** One good picture for one or a few watchers; the server forwards it as it is. */
const LESSON_CAMERA: RTCRtpEncodingParameters[] = [{ maxBitrate: 2_500_000 }];

/** Three layers, smallest first (RFC 8853 lets the server choose): a tile of 5×5, a tile of 3×3, the speaker. */
const CONFERENCE_CAMERA: RTCRtpEncodingParameters[] = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 120_000 },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 450_000 },
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
];

/** Text must be sharp; 15 pictures a second are enough to turn a page. */
const SCREEN: RTCRtpEncodingParameters[] = [{ maxBitrate: 3_000_000, maxFramerate: 15 }];

/** Enough for 720 lines (Chromium's own table), and little enough for a narrow line until it has been measured. */
export const PICTURES_START_BPS = 800_000;

export function isSound(source: TrackSource): boolean {
  return source === 'microphone' || source === 'screen_sound';
}

export function encodingsFor(source: TrackSource, kind: RoomKind): RTCRtpEncodingParameters[] {
  switch (source) {
    case 'camera':
      return (kind === 'conference' ? CONFERENCE_CAMERA : LESSON_CAMERA).map((encoding) => ({ ...encoding }));
    case 'second_camera':
      return LESSON_CAMERA.map((encoding) => ({ ...encoding }));
    case 'screen':
      return SCREEN.map((encoding) => ({ ...encoding }));
    case 'microphone':
    case 'screen_sound':
      // Sound is never to suffer for a picture.
      return [{ priority: 'high', networkPriority: 'high' }];
  }
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

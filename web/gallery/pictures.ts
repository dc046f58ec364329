/** Streams that look like people: drawn pictures instead of cameras. */
import child from './pictures/kind.svg?url';
import teacher from './pictures/lehrerin.svg?url';
import score from './pictures/noten.svg?url';
import leiterin from './pictures/leiterin.svg?url';
import p03 from './pictures/p03.svg?url';
import p04 from './pictures/p04.svg?url';
import p06 from './pictures/p06.svg?url';
import p07 from './pictures/p07.svg?url';
import p08 from './pictures/p08.svg?url';
import p09 from './pictures/p09.svg?url';
import p10 from './pictures/p10.svg?url';
import p11 from './pictures/p11.svg?url';
import p12 from './pictures/p12.svg?url';
import p13 from './pictures/p13.svg?url';
import p14 from './pictures/p14.svg?url';
import p15 from './pictures/p15.svg?url';
import p16 from './pictures/p16.svg?url';
import p18 from './pictures/p18.svg?url';
import p19 from './pictures/p19.svg?url';
import p20 from './pictures/p20.svg?url';
import p21 from './pictures/p21.svg?url';
import p23 from './pictures/p23.svg?url';
import p24 from './pictures/p24.svg?url';
import third from './pictures/p01.svg?url';
import fourth from './pictures/p02.svg?url';
import lesson from './pictures/stunde.svg?url';

/** The staff of the mock: a drawing for everybody with a camera. */
export const staff = { p01: third, p02: fourth, leiterin, p03, p04, p06, p07, p08, p09, p10, p11, p12, p13, p14, p15, p16, p18, p19, p20, p21, p23, p24 } as const;
export type PictureName = 'lesson' | 'teacher' | 'child' | 'third' | 'fourth' | 'score' | 'wide' | keyof typeof staff;

const sources: Readonly<Record<PictureName, string>> = { lesson, teacher, child, third, fourth, score, wide: lesson, ...staff };
const streams = new Map<PictureName, MediaStream>();

export function picture(name: PictureName): MediaStream {
  const known = streams.get(name);
  if (known) return known;
  const canvas = document.createElement('canvas');
  // Forty of them are drawn at once, so that looking at a conference does not take the whole machine.
  const large = !(name in staff);
  canvas.width = name === 'wide' ? 1280 : large ? 960 : 480;
  canvas.height = large ? 720 : 360;
  const context = canvas.getContext('2d');
  const image = new Image();
  image.onload = () => {
    const draw = (): void => {
      context?.drawImage(image, 0, 0, canvas.width, canvas.height);
    };
    draw();
    // A stream has a picture only when something is drawn again.
    setInterval(draw, large ? 200 : 1000);
  };
  image.src = sources[name];
  const stream = canvas.captureStream();
  streams.set(name, stream);
  return stream;
}

/** What the state's `show…` methods do, with a drawn picture. */
export function attach(element: HTMLVideoElement, name: PictureName): () => void {
  element.muted = true;
  element.srcObject = picture(name);
  void element.play().catch(() => undefined);
  return () => {
    element.srcObject = null;
  };
}

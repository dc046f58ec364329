/** Streams that look like people: drawn pictures instead of cameras. */
import child from './pictures/kind.svg?url';
import teacher from './pictures/lehrerin.svg?url';
import score from './pictures/noten.svg?url';
import third from './pictures/p01.svg?url';
import fourth from './pictures/p02.svg?url';
import lesson from './pictures/stunde.svg?url';

export type PictureName = 'lesson' | 'teacher' | 'child' | 'third' | 'fourth' | 'score';

const sources: Readonly<Record<PictureName, string>> = { lesson, teacher, child, third, fourth, score };
const streams = new Map<PictureName, MediaStream>();

export function picture(name: PictureName): MediaStream {
  const known = streams.get(name);
  if (known) return known;
  const canvas = document.createElement('canvas');
  canvas.width = 960;
  canvas.height = 720;
  const context = canvas.getContext('2d');
  const image = new Image();
  image.onload = () => {
    const draw = (): void => {
      context?.drawImage(image, 0, 0, canvas.width, canvas.height);
    };
    draw();
    // A stream has a picture only when something is drawn again.
    setInterval(draw, 200);
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

import { mount, tick } from 'svelte';
import App from '../src/views/App.svelte';
import { states, type GalleryState } from './states.svelte';

export function show(target: HTMLElement, name: string | null): void {
  const state = name === null ? undefined : states[name];
  if (!state) {
    list(target);
    return;
  }
  mount(App, { target, props: { app: state.app() } });
  void open(state);
}

/** Presses what has to be pressed to see the state, the way a person would. */
async function open(state: GalleryState): Promise<void> {
  for (const selector of state.press ?? []) {
    await tick();
    // What opens after a press needs a moment before it can be pressed itself.
    await new Promise(requestAnimationFrame);
    document.querySelector<HTMLElement>(selector)?.click();
  }
  document.body.dataset.ready = 'yes';
}

function list(target: HTMLElement): void {
  const names = document.createElement('ul');
  for (const name of Object.keys(states)) {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = `?state=${name}`;
    link.textContent = name;
    item.append(link);
    names.append(item);
  }
  target.append(names);
}

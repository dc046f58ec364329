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

/** So many frames a page that is loaded or an answer that is made up may take; what takes longer never comes. */
const PATIENCE = 60;

async function frames(enough: () => boolean): Promise<void> {
  for (let frame = 0; frame < PATIENCE && !enough(); frame += 1) await new Promise(requestAnimationFrame);
}

/** Presses what has to be pressed to see the state, the way a person would. */
async function open(state: GalleryState): Promise<void> {
  await tick();
  await frames(() => document.querySelector('main, .room') !== null && document.querySelector('[aria-busy="true"]') === null);
  for (const selector of state.press ?? []) {
    await tick();
    // What opens after a press needs a moment before it can be pressed itself.
    await new Promise(requestAnimationFrame);
    await frames(() => document.querySelector(selector) !== null);
    document.querySelector<HTMLElement>(selector)?.click();
  }
  if (state.press?.length) await frames(() => document.querySelector('[aria-busy="true"]') === null);
  await tick();
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

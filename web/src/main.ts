import { mount } from 'svelte';
import { createApp } from './state/app.svelte';
import App from './views/App.svelte';

const target = document.getElementById('app');
if (target) {
  target.replaceChildren();
  mount(App, { target, props: { app: createApp(window.location) } });
}

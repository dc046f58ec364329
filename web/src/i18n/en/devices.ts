import type { Messages } from '../words.svelte';

const websiteSettings = ['Tap the sign on the left of the address bar.', 'Tap “Website Settings”.', 'Set microphone and camera to “Allow”.'];

export const devices: Messages['devices'] = {
  name: { microphone: 'microphone', camera: 'camera', both: 'microphone and camera' },
  denied: {
    title: {
      microphone: 'We may not use your microphone',
      camera: 'We may not use your camera',
      both: 'We may not use your microphone and camera',
    },
    text: 'The browser asks for permission first, and it is still missing. This takes a minute.',
    textSystem: 'The device itself does not allow it to the browser. You can change that in its settings.',
    steps: {
      ipad: websiteSettings,
      iphone: websiteSettings,
      android: ['Tap the sign at the top left, beside the address.', 'Tap “Permissions”.', 'Switch on microphone and camera.'],
      chrome: ['Click the sign at the top left, beside the address.', 'Switch on microphone and camera.', 'Click “Try again” below.'],
      firefox: ['Click the crossed-out sign to the left of the address.', 'Remove “Blocked” with the small cross.', 'Try again here and choose “Allow”.'],
      safari: ['Open the “Safari” menu at the top.', 'Choose “Settings for This Website”.', 'Set microphone and camera to “Allow”.'],
      other: ['Open the browser’s settings for this page.', 'Allow microphone and camera.', 'Try again here.'],
    },
    systemSteps: {
      ipad: ['Open the Settings app.', 'Tap “Apps”, then “Safari”.', 'Set camera and microphone to “Allow”.'],
      mac: ['Open System Settings.', 'Choose “Privacy & Security”.', 'Switch on the browser under Microphone and Camera.'],
      windows: ['Open the Windows settings.', 'Choose “Privacy & security”.', 'Allow microphone and camera for desktop apps.'],
      android: ['Open the Settings app.', 'Tap “Apps”, then the browser.', 'Allow microphone and camera.'],
      other: ['Open the device’s settings.', 'Look for “Privacy”.', 'Allow microphone and camera to the browser.'],
    },
    picture: 'The browser’s address bar, the sign on its left is marked',
    elsewhere: 'It looks different here',
    platformLabel: 'What are you using?',
    platform: {
      ipad: 'iPad',
      iphone: 'iPhone',
      android: 'Android',
      chrome: 'Computer with Chrome or Edge',
      firefox: 'Computer with Firefox',
      safari: 'Mac with Safari',
      other: 'something else',
    },
  },
  dismissed: {
    title: 'The question was left open',
    text: 'The browser asked whether it may use microphone and camera. Try again and choose “Allow”.',
  },
  missing: {
    title: { microphone: 'No microphone found', camera: 'No camera found', both: 'Neither microphone nor camera found' },
    text: {
      microphone: 'If it is plugged in, we look again. You can listen without one.',
      camera: 'A lesson also works with sound only. If it is plugged in, we look again.',
      both: 'If they are plugged in, we look again. You can listen and watch without them.',
    },
    again: 'Look again',
  },
  inUse: {
    title: { microphone: 'The microphone is busy', camera: 'The camera is busy', both: 'Microphone and camera are busy' },
    text: 'Another program is using it, a video call for instance. Close it, then try again.',
  },
  insecure: {
    title: 'This page was not opened securely',
    text: 'Browsers give microphone and camera to secure pages only. The link has to begin with https; the school’s IT can set that up.',
  },
  failed: {
    title: {
      microphone: 'The microphone does not start',
      camera: 'The camera does not start',
      both: 'Microphone and camera do not start',
    },
    text: 'The browser gives no clear reason. It often helps to plug the device in again or to restart the browser.',
    detail: 'For IT:',
  },
  screenProblem: {
    title: 'The screen cannot be shown',
    text: 'The browser or the device does not allow it right now. On a Mac, “Screen Recording” in System Settings helps.',
  },
  secondProblem: {
    title: 'The second camera does not start',
    text: 'Some devices show only one camera at a time, or another program is using it.',
  },
  without: { microphone: 'Just listen', camera: 'Sound only', both: 'Just listen' },
  back: 'Back',
};

import { actions, asynchronousActions, handle, handleAsync, hardActions, hardMessages, messages } from '../../shop/views.js';

export const messagesOf = basket => (basket.hard ? { ...messages, ...hardMessages } : messages);

/** Takes every action and gives what it throws to `report(bug, error)`. */
export async function runAll(way, basket, report) {
  for (const bug of basket.hard ? [...actions, ...hardActions] : actions) {
    try {
      if (way === 'async' && asynchronousActions.includes(bug)) await handleAsync(bug, basket);
      else handle(bug, basket);
    } catch (error) {
      report(bug, error);
    }
  }
}

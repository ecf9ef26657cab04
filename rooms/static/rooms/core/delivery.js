// How a message gets to a server that may be busy.

import { Refusal } from "./connection.js";

const MOST_ATTEMPTS = 6;

/** Resolves with the answer. The command must be one that the server knows when it comes again. */
export async function untilTaken(connection, command) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await connection.command(command, { resend: true });
    } catch (error) {
      // A room's own pace is told to who writes there: minutes later they may mean it no more.
      const again = error instanceof Refusal && error.temporary && error.code !== "slow_mode";
      if (!again || tries === MOST_ATTEMPTS) throw error;
      // A little later than asked, each differently: not everybody at once.
      const wait = (error.retryAfter ?? 1) * (1 + Math.random() / 2);
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }
}

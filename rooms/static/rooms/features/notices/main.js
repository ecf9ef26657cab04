// What notices add to a room: the choice in the right column.

import { panels } from "../../core/extensions.js";
import { noticesPanel } from "./panel.js";

panels.push(noticesPanel);

import { describe, expect, it } from "vitest";
import { FLIGHT_LIMIT_MS, Flights } from "./flights.ts";

describe("Flights", () => {
  it("makes the first of identical questions the leader, and hands its answer to the others", async () => {
    const flights = new Flights();
    const leader = flights.join("k", 0);
    const follower = flights.join("k", 10);
    expect([leader.role, follower.role, flights.join("other", 10).role]).toEqual(["leader", "follower", "leader"]);
    if (leader.role === "leader") leader.land("answer");
    await expect(follower.role === "follower" ? follower.landed : undefined).resolves.toBe("answer");
    expect(flights.join("k", 20).role).toBe("leader");
  });

  it("lets nobody follow a leader that never lands for longer than the limit", () => {
    const flights = new Flights();
    flights.join("k", 0);
    expect(flights.join("k", FLIGHT_LIMIT_MS - 1).role).toBe("follower");
    expect(flights.join("k", FLIGHT_LIMIT_MS).role).toBe("leader");
    expect(flights.join("k", FLIGHT_LIMIT_MS + 1).role).toBe("follower");
  });

  it("is not ended by a leader whose place another has taken", async () => {
    const flights = new Flights();
    const lost = flights.join("k", 0);
    flights.join("k", FLIGHT_LIMIT_MS);
    if (lost.role === "leader") lost.land(undefined);
    await Promise.resolve();
    expect(flights.join("k", FLIGHT_LIMIT_MS + 1).role).toBe("follower");
  });
});

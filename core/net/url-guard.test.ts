import { describe, expect, it } from "vitest";
import { assertPublicUrl } from "./url-guard.ts";

const refusal = (url: string, allowed: readonly string[] = []) => {
  try {
    assertPublicUrl(url, allowed);
    return "allowed";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("assertPublicUrl", () => {
  it.each([
    ["loopback", "https://127.0.0.1/v1"],
    ["loopback, another host of the block", "https://127.8.9.10/v1"],
    ["decimal", "https://2130706433/"],
    ["octal", "https://0177.0.0.1/"],
    ["hex", "https://0x7f000001/"],
    ["short", "https://127.1/"],
    ["full-width digits", "https://１２７.0.0.1/"],
    ["percent-encoded", "https://%31%32%37.0.0.1/"],
    ["this network", "https://0.0.0.0/"],
    ["private A", "https://10.1.2.3/"],
    ["private B, first", "https://172.16.0.1/"],
    ["private B, last", "https://172.31.255.255/"],
    ["private C", "https://192.168.1.1/"],
    ["carrier-grade NAT", "https://100.64.0.1/"],
    ["carrier-grade NAT, last", "https://100.127.255.255/"],
    ["metadata", "https://169.254.169.254/latest/meta-data"],
    ["benchmarking", "https://198.19.0.1/"],
    ["multicast", "https://224.0.0.1/"],
    ["broadcast", "https://255.255.255.255/"],
    ["IPv6 loopback", "https://[::1]/"],
    ["IPv6 unspecified", "https://[::]/"],
    ["IPv6 mapped", "https://[::ffff:127.0.0.1]/"],
    ["IPv6 mapped, hex", "https://[::ffff:7f00:1]/"],
    ["IPv4-compatible", "https://[::127.0.0.1]/"],
    ["NAT64", "https://[64:ff9b::7f00:1]/"],
    ["local NAT64", "https://[64:ff9b:1::1]/"],
    ["6to4", "https://[2002:7f00:1::]/"],
    ["Teredo", "https://[2001:0:4136:e378::1]/"],
    ["unique local", "https://[fd00:ec2::254]/"],
    ["link-local", "https://[fe80::1]/"],
    ["link-local with zone", "https://[fe80::1%25eth0]/"],
    ["IPv6 multicast", "https://[ff02::1]/"],
    ["documentation", "https://[2001:db8::1]/"],
    ["localhost", "https://localhost/"],
    ["localhost with a dot", "https://localhost./"],
    ["a name under localhost", "https://x.localhost/"],
    ["LOCALHOST", "https://LOCALHOST/"],
    [".local", "https://printer.local/"],
    [".internal", "https://metadata.google.internal/"],
    ["single label", "https://postgres/"],
    ["credentials", "https://user:pass@api.example.com/"],
    ["user alone", "https://user@api.example.com/"],
    ["ftp", "ftp://api.example.com/"],
    ["file", "file:///etc/passwd"],
    ["data", "data:text/plain,x"],
    ["relative", "/v1/chat"],
    ["http on a public host", "http://api.example.com/v1"],
    ["a fragment", "https://api.example.com/v1#x"],
  ])("refuses %s", (_name, url) => {
    expect(refusal(url)).toBe("url-not-allowed");
  });

  it.each([
    "https://api.openai.com/v1",
    "https://api.example.com:8443/v1",
    "https://8.8.8.8/v1",
    "https://100.63.255.255/",
    "https://100.128.0.1/",
    "https://172.15.0.1/",
    "https://172.32.0.1/",
    "https://[2606:4700::1111]/v1",
    "https://10.example.com/v1",
  ])("allows %s", (url) => {
    expect(refusal(url)).toBe("allowed");
  });

  it("allows a private host that the operator named with its port, and http there", () => {
    expect(refusal("http://127.0.0.1:8790/v1", ["127.0.0.1:8790"])).toBe("allowed");
    expect(refusal("http://0x7f.1:8790/v1", ["127.0.0.1:8790"])).toBe("allowed");
    expect(refusal("http://[::1]:8790/v1", ["[::1]:8790"])).toBe("allowed");
    expect(refusal("http://runner/v1", ["runner:80"])).toBe("allowed");
  });

  it("does not let an allowed host open another port, another host, or a URL with credentials", () => {
    expect(refusal("http://127.0.0.1:5432/v1", ["127.0.0.1:8790"])).toBe("url-not-allowed");
    expect(refusal("http://127.0.0.2:8790/v1", ["127.0.0.1:8790"])).toBe("url-not-allowed");
    expect(refusal("http://u:p@127.0.0.1:8790/v1", ["127.0.0.1:8790"])).toBe("url-not-allowed");
    expect(refusal("http://127.0.0.1:8790/v1", ["127.0.0.1"])).toBe("url-not-allowed");
  });

  it("never repeats the credentials of a URL", () => {
    expect(() => assertPublicUrl("https://user:hunter2@api.example.com/", [])).toThrow(/^(?!.*hunter2)/);
  });
});

/** R2 takes parts of one size, at least 5 MiB each but for the last; this many bytes are held at once. */
const PART_BYTES = 8 * 1024 * 1024;

/** Writes an object of any length as it comes: in one piece when it is small, in parts when it is not. It is there once `finish` is through. */
export class ObjectWriter {
  readonly #bucket: R2Bucket;
  readonly #key: string;
  #held: Uint8Array<ArrayBuffer> | undefined;
  #size = 0;
  #total = 0;
  #upload: R2MultipartUpload | undefined;
  readonly #parts: R2UploadedPart[] = [];

  constructor(bucket: R2Bucket, key: string) {
    this.#bucket = bucket;
    this.#key = key;
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#total;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#total += bytes.length;
    let rest = bytes;
    while (rest.length > 0) {
      this.#held ??= new Uint8Array(PART_BYTES);
      const taken = rest.subarray(0, PART_BYTES - this.#size);
      this.#held.set(taken, this.#size);
      this.#size += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#size === PART_BYTES) await this.#send();
    }
  }

  async #send(): Promise<void> {
    const part = (this.#held ?? new Uint8Array()).subarray(0, this.#size);
    this.#upload ??= await this.#bucket.createMultipartUpload(this.#key);
    this.#parts.push(await this.#upload.uploadPart(this.#parts.length + 1, part));
    this.#size = 0;
  }

  async finish(): Promise<void> {
    if (this.#upload === undefined) {
      await this.#bucket.put(this.#key, (this.#held ?? new Uint8Array()).subarray(0, this.#size));
      return;
    }
    if (this.#size > 0) await this.#send();
    await this.#upload.complete(this.#parts);
  }

  /** Gives up; nothing is left behind. Never throws. */
  async abort(): Promise<void> {
    await this.#upload?.abort().catch(() => undefined);
  }
}

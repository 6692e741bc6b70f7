"""The attack loop as its authors' scripts have it, in plain eager PyTorch: the yardstick for speed.

    published_loop.py MODELS PHOTO.raw HEIGHT WIDTH M11,M12,M13,M21,M22,M23 OUT.raw [STEPS]

MODELS is shared/models; PHOTO.raw is float32 RGB in [0, 1], rows x columns x 3; M maps template points to
pixels of the photo. Each step: 4 networks x 2 (plain, smoothed) x 2 (plain, mirrored) passes of one crop,
the smoothing and LPIPS at photo resolution, signed step of 0.0025. Parameters carry no gradient, which
is kinder to the clock than the scripts were. Prints the loop's seconds, by the clock and of the processor.
"""
import os
import sys
import time

import numpy
import torch
import torch.nn.functional as F

# PyTorch takes one thread where it cannot read the processor's cores; both sides get all of them.
torch.set_num_threads(len(os.sched_getaffinity(0)))

STEPS, STEP, START, ALPHA = 50, 0.0025, 0.005, 0.05 * 512


def arrays(path):
    data = numpy.fromfile(path + ".bin", dtype=numpy.float32)
    found, operations, result = {}, [], None
    for line in open(path + ".txt"):
        word = line.split()
        if word[0] == "W":
            shape = [int(n) for n in word[3].split(",")]
            start, size = int(word[2]), int(numpy.prod(shape))
            found[word[1]] = torch.from_numpy(data[start:start + size].reshape(shape).copy())
        elif word[0] == "O":
            inputs, attributes = [], {}
            for part in word[3:]:
                if "=" in part:
                    key, value = part.split("=")
                    attributes[key] = [float(n) for n in value.split(",")]
                else:
                    inputs = part.split(",")
            operations.append((word[1], word[2], inputs, attributes))
        elif word[0] == "R":
            result = word[1]
    return found, operations, result


class Network(torch.nn.Module):
    """Plays the list of operations, one PyTorch call an operation, as an nn.Module would."""

    def __init__(self, path, prepare, columns=slice(None)):
        super().__init__()
        self.arrays, self.operations, self.result = arrays(path)
        self.prepare, self.columns = prepare, columns

    def forward(self, crop):
        values = dict(self.arrays, data=self.prepare(crop[..., self.columns]))
        for kind, name, inputs, a in self.operations:
            x = [values[i] for i in inputs]
            if kind == "conv":
                pair = lambda key: [int(n) for n in a[key]]
                y = F.conv2d(x[0], x[1], x[2] if len(x) > 2 else None, pair("s"), pair("p"), 1,
                             int(a["g"][0]))
            elif kind == "bn":
                y = F.batch_norm(x[0], x[3], x[4], x[1], x[2], False, 0.0, a["eps"][0])
            elif kind == "prelu":
                y = F.prelu(x[0], x[1].flatten())
            elif kind == "fc":
                y = F.linear(x[0].flatten(1), x[1], x[2] if len(x) > 2 else None)
            elif kind == "add":
                y = x[0] + x[1]
            elif kind == "minus_scalar":
                y = x[0] - a["v"][0]
            elif kind == "mul_scalar":
                y = x[0] * a["v"][0]
            elif kind == "maximum_scalar":
                y = x[0].clamp(min=a["v"][0])
            elif kind == "minimum_scalar":
                y = x[0].clamp(max=a["v"][0])
            elif kind == "id":
                y = x[0]
            elif kind == "flatten":
                y = x[0].flatten(1)
            else:
                raise ValueError("operation " + kind)
            values[name] = y
        return values[self.result].flatten(1)


class Lpips(torch.nn.Module):
    """LPIPS v0.1 with the SqueezeNet 1.1 backbone."""

    def __init__(self, path):
        super().__init__()
        self.arrays = arrays(path)[0]

    def conv(self, x, n, **options):
        return F.relu(F.conv2d(x, self.arrays[f"c{n}w"], self.arrays[f"c{n}b"].flatten(), **options))

    def features(self, picture):
        x = (picture * 2 - 1 - torch.tensor([-.030, -.088, -.188]).view(1, 3, 1, 1))
        x = self.conv(x / torch.tensor([.458, .448, .450]).view(1, 3, 1, 1), 0, stride=2)
        taps, n = [x], 1

        def fire(x):
            nonlocal n
            squeezed = self.conv(x, n)
            x = torch.cat([self.conv(squeezed, n + 1), self.conv(squeezed, n + 2, padding=1)], 1)
            n += 3
            return x

        pool = lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True)
        for group in ((pool, fire, fire), (pool, fire, fire), (pool, fire), (fire,), (fire,), (fire,)):
            for layer in group:
                x = layer(x)
            taps.append(x)
        return [t / (t.square().sum(1, keepdim=True).sqrt() + 1e-10) for t in taps]

    def forward(self, a, b):
        sum_ = 0
        for i, (x, y) in enumerate(zip(self.features(a), self.features(b))):
            weight = self.arrays[f"lin{i}"].view(1, -1, 1, 1)
            sum_ = sum_ + F.conv2d((x - y).square(), weight).mean()
        return sum_


def warp(photo, m):
    """A bilinear sample of the photo, without antialiasing, as published."""
    height, width = photo.shape[2:]
    v, u = torch.meshgrid(torch.arange(112.), torch.arange(112.), indexing="ij")
    x, y = m[0] * u + m[1] * v + m[2], m[3] * u + m[4] * v + m[5]
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], -1)[None]
    return F.grid_sample(photo, grid, align_corners=True)


def smoothed(photo):
    at = torch.arange(-3., 4.)
    taps = torch.exp(-at.square() / 18)
    kernel = torch.outer(taps, taps)
    kernel = (kernel / kernel.sum()).expand(3, 1, 7, 7)
    return F.conv2d(F.pad(photo, (3, 3, 3, 3), mode="reflect"), kernel, groups=3)


def embedding(network, crop):
    sum_ = network(crop) + network(crop.flip(3))
    return sum_ / sum_.norm()


def main():
    models, source, height, width, transform, out = sys.argv[1:7]
    steps = int(sys.argv[7]) if len(sys.argv) > 7 else STEPS
    m = [float(n) for n in transform.split(",")]
    photo = numpy.fromfile(source, dtype=numpy.float32).reshape(int(height), int(width), 3)
    clean = torch.from_numpy(photo.copy()).permute(2, 0, 1)[None].contiguous()
    bytes_ = lambda x: x * 255
    networks = [Network(f"{models}/insightface_y1", bytes_), Network(f"{models}/graykey", bytes_),
                Network(f"{models}/xiaoccer", lambda x: (x * 255 - 127.5) / 128, slice(8, 104)),
                Network(f"{models}/mobileface_v2", bytes_)]
    lpips = Lpips(f"{models}/lpips_squeeze")
    with torch.no_grad():
        crop = warp(clean, m)
        reference = [embedding(network, crop) for network in networks]
    torch.manual_seed(1)
    cloaked = clean + (torch.rand_like(clean) * 2 - 1) * START
    begin, begin_cpu = time.perf_counter(), time.process_time()
    for _ in range(steps):
        cloaked.requires_grad_(True)
        plain, smooth = warp(cloaked, m), warp(smoothed(cloaked), m)
        objective = 0
        for network, clean_embedding in zip(networks, reference):
            objective = objective + (
                (clean_embedding - embedding(network, plain)).square().sum() +
                (clean_embedding - embedding(network, smooth)).square().sum()
            ) / clean_embedding.norm() / (2 * len(networks))
        objective = objective - ALPHA * 0.5 * (lpips(clean, cloaked) + lpips(crop, plain))
        gradient, = torch.autograd.grad(objective, cloaked)
        cloaked = cloaked.detach() + STEP * gradient.sign()
    print(time.perf_counter() - begin, time.process_time() - begin_cpu)
    cloaked.clamp(0, 1)[0].permute(1, 2, 0).contiguous().numpy().tofile(out)


main()

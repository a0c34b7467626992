// Written by `zoo export`. Loads $name with TensorFlowLiteSwift on iOS; README.md beside it says how to add it to an app.
import TensorFlowLite
import UIKit

/// $name ($task): on the GPU by Metal where it takes the file, otherwise, and once Metal fails, on the processor.
///
/// Loading (which runs it once, so that the first picture does not wait) and running take time: use it off the main thread. One
/// picture is worked on at a time.
public final class $class_name {
  /// The exported files. Each takes exactly its size, in pixels, and gives pictures of `outHeight` x `outWidth`.
  public struct Size {
    public let height: Int
    public let width: Int
    public let outHeight: Int
    public let outWidth: Int
    let gpuFile: String?
    let cpuFile: String

$swift_sizes
  }

  public enum Failure: Error {
    case missingFile(String)
    case badInput(String)
  }

  private final class Engine {
    let onGpu: Bool
    private let interpreter: Interpreter
    private let runner: SignatureRunner

    init(_ file: String, _ bundle: Bundle, onGpu: Bool) throws {
      guard let path = bundle.path(forResource: file, ofType: "tflite") else {
        throw Failure.missingFile(file)
      }
      self.onGpu = onGpu
      let delegates: [Delegate] = onGpu ? [MetalDelegate()] : []
      interpreter = try Interpreter(modelPath: path, delegates: delegates)
      runner = try interpreter.signatureRunner(with: "serving_default")
    }

    func run(_ inputs: [String: Data]) throws -> [Float32] {
      try runner.invoke(with: inputs)
      return try runner.output(named: "$output").data.withUnsafeBytes { Array($$0.bindMemory(to: Float32.self)) }
    }
  }

  private let size: Size
  private let bundle: Bundle
  private let lock = NSLock()
  private var engine: Engine

  /// Whether Metal computes; false from when it failed.
  public var onGpu: Bool { engine.onGpu }

  public init(size: Size = .$swift_first, bundle: Bundle = .main) throws {
    self.size = size
    self.bundle = bundle
    let zeros: [String: Data] = [
$swift_zeros
    ]
    if let file = size.gpuFile, let metal = try? Engine(file, bundle, onGpu: true), (try? metal.run(zeros)) != nil {
      engine = metal
    } else {
      engine = try Engine(size.cpuFile, bundle, onGpu: false)
      _ = try engine.run(zeros)
    }
  }

$swift_docs
  /// - isCancelled: is asked before and after the computation, which itself cannot be stopped; then it throws `CancellationError`.
  public func run($swift_parameters) throws -> UIImage {
    lock.lock()
    defer { lock.unlock() }
$swift_checks    let place = $swift_place
    let inputs: [String: Data] = [
$swift_body
    ]
    if isCancelled() { throw CancellationError() }
    let values = try answer(inputs)
    if isCancelled() { throw CancellationError() }
    let across = CGFloat(size.outWidth) / CGFloat(size.width)
    let down = CGFloat(size.outHeight) / CGFloat(size.height)
    let whole = try Self.picture(values, height: size.outHeight, width: size.outWidth)
    let cut = CGRect(
      x: place.minX * across, y: place.minY * down, width: place.width * across, height: place.height * down)
    guard let result = whole.cropping(to: cut) else {
      throw Failure.badInput("no picture can be cut out")
    }
    return UIImage(cgImage: result)
  }

  private func answer(_ inputs: [String: Data]) throws -> [Float32] {
    do {
      return try engine.run(inputs)
    } catch {
      guard engine.onGpu else { throw error }
      engine = try Engine(size.cpuFile, bundle, onGpu: false)
      return try engine.run(inputs)
    }
  }

  private static let outChannels = $out_channels
  private static let colors = CGColorSpace(name: CGColorSpace.sRGB)!

  private static func data<Value>(_ values: [Value]) -> Data {
    values.withUnsafeBytes { Data($$0) }
  }
$swift_helpers
  /// Values in [0, 1], row by row, as an opaque picture.
  private static func picture(_ values: [Float32], height: Int, width: Int) throws -> CGImage {
    guard
      let context = CGContext(
        data: nil, width: width, height: height, bitsPerComponent: 8, bytesPerRow: 4 * width,
        space: colors, bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue),
      let bytes = context.data?.assumingMemoryBound(to: UInt8.self)
    else {
      throw Failure.badInput("no picture of \(height) x \(width) can be made")
    }
    for at in 0..<(height * width) {
      for channel in 0..<3 {
        let value = values[at * outChannels + min(channel, outChannels - 1)]
        bytes[4 * at + channel] = UInt8((min(max(value, 0), 1) * 255).rounded())
      }
    }
    guard let image = context.makeImage() else {
      throw Failure.badInput("no picture of \(height) x \(width) can be made")
    }
    return image
  }
}

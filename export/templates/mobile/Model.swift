// Written by `zoo export`. Loads $name with TensorFlowLiteSwift on iOS; README.md beside it says how to add it to an app.
import TensorFlowLite
import UIKit

/// $name ($task): on the GPU by Metal where a file for it was exported, otherwise on the processor.
///
/// Loading and running take time: use it off the main thread, one thread at a time.
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

  private let size: Size
  private let runner: SignatureRunner

  public init(size: Size = .$swift_first, bundle: Bundle = .main) throws {
    self.size = size
    let file = size.gpuFile ?? size.cpuFile
    guard let path = bundle.path(forResource: file, ofType: "tflite") else {
      throw Failure.missingFile(file)
    }
    let delegates: [Delegate] = size.gpuFile == nil ? [] : [MetalDelegate()]
    runner = try Interpreter(modelPath: path, delegates: delegates).signatureRunner(with: "serving_default")
  }

$swift_docs
  public func run($swift_parameters) throws -> UIImage {
$swift_checks    try runner.invoke(with: [
$swift_body
    ])
    let values = try runner.output(named: "$output").data.withUnsafeBytes { Array($$0.bindMemory(to: Float32.self)) }
    return try Self.picture(values, height: size.outHeight, width: size.outWidth)
  }

  private static let outChannels = $out_channels
  private static let colors = CGColorSpace(name: CGColorSpace.sRGB)!

  private static func data<Value>(_ values: [Value]) -> Data {
    values.withUnsafeBytes { Data($$0) }
  }
$swift_helpers
  /// Values in [0, 1], row by row, as an opaque picture.
  private static func picture(_ values: [Float32], height: Int, width: Int) throws -> UIImage {
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
    return UIImage(cgImage: image)
  }
}

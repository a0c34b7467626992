  /// The picture scaled to the size: values in [0, 1], row by row; gray for one channel, with transparency for four.
  private static func pixels(
    _ picture: UIImage, height: Int, width: Int, channels: Int, binary: Bool = false
  ) throws -> [Float32] {
    guard
      let context = CGContext(
        data: nil, width: width, height: height, bitsPerComponent: 8, bytesPerRow: 4 * width,
        space: colors, bitmapInfo: CGImageAlphaInfo.premultipliedLast.rawValue),
      let drawn = context.data?.assumingMemoryBound(to: UInt8.self)
    else {
      throw Failure.badInput("no picture of \(height) x \(width) can be drawn")
    }
    UIGraphicsPushContext(context)
    context.translateBy(x: 0, y: CGFloat(height))
    context.scaleBy(x: 1, y: -1)
    picture.draw(in: CGRect(x: 0, y: 0, width: width, height: height))  // as it is seen: turned by its orientation
    UIGraphicsPopContext()
    var values = [Float32](repeating: 0, count: channels * height * width)
    for at in 0..<(height * width) {
      let alpha = Float32(drawn[4 * at + 3]) / 255
      let color = (0..<3).map { Float32(drawn[4 * at + $0]) / 255 / (channels == 4 && alpha > 0 ? alpha : 1) }
      if channels == 1 {
        let gray = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
        values[at] = binary ? (gray > 0.5 ? 1 : 0) : gray
      } else {
        for channel in 0..<3 { values[channels * at + channel] = min(color[channel], 1) }
        if channels == 4 { values[channels * at + 3] = alpha }
      }
    }
    return values
  }

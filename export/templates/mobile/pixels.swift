  /// The picture in its place: values in [0, 1], row by row; gray for one channel, with transparency for four.
  ///
  /// Around a picture lies the same picture, stretched, so that what a network measures of the whole stays as it was. Without a
  /// place the middle of the picture fills everything. Takes memory for the file's size alone, whatever the picture's.
  private static func pixels(
    _ picture: UIImage, _ size: Size, _ place: CGRect?, channels: Int, binary: Bool = false
  ) throws -> [Float32] {
    guard
      let context = CGContext(
        data: nil, width: size.width, height: size.height, bitsPerComponent: 8, bytesPerRow: 4 * size.width,
        space: colors, bitmapInfo: CGImageAlphaInfo.premultipliedLast.rawValue),
      let drawn = context.data?.assumingMemoryBound(to: UInt8.self)
    else {
      throw Failure.badInput("no picture of \(size.height) x \(size.width) can be drawn")
    }
    let whole = CGRect(x: 0, y: 0, width: size.width, height: size.height)
    UIGraphicsPushContext(context)
    context.translateBy(x: 0, y: CGFloat(size.height))
    context.scaleBy(x: 1, y: -1)
    if let place = place {  // drawn as it is seen: turned by its orientation
      if !binary && channels != 4 { picture.draw(in: whole) }
      picture.draw(in: place)
    } else {
      let scale = max(whole.width / picture.size.width, whole.height / picture.size.height)
      let wide = picture.size.width * scale
      let high = picture.size.height * scale
      picture.draw(in: CGRect(x: (whole.width - wide) / 2, y: (whole.height - high) / 2, width: wide, height: high))
    }
    UIGraphicsPopContext()
    var values = [Float32](repeating: 0, count: channels * size.height * size.width)
    for at in 0..<(size.height * size.width) {
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

  /// Where a picture lies in the file's size: its sides in proportion, in the middle, on whole pixels.
  private static func placed(_ picture: UIImage, _ size: Size) -> CGRect {
    let scale = min(CGFloat(size.width) / picture.size.width, CGFloat(size.height) / picture.size.height)
    let wide = min(max((picture.size.width * scale).rounded(.down), 1), CGFloat(size.width))
    let high = min(max((picture.size.height * scale).rounded(.down), 1), CGFloat(size.height))
    let left = ((CGFloat(size.width) - wide) / 2).rounded(.down)
    let top = ((CGFloat(size.height) - high) / 2).rounded(.down)
    return CGRect(x: left, y: top, width: wide, height: high)
  }
